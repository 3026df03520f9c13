"""The telephone book: the account's contacts, short codes, and those of the config."""

from phone.calls.numbers import DialPlan
from phone.library import Library
from phone.xmpp.api import ContactFact


class Client:
    """Knows bob and dave."""

    def contacts(self):
        return (ContactFact("bob@example.org", "Bobby", "both"), ContactFact("dave@example.org", None, "both"))

    def name_of(self, jid):
        return {"carol@example.org": "Carol"}.get(jid)

    def blocked(self):
        return frozenset()


PLAN = DialPlan.of("example.org", "sip.example.org", "", {"1": "carol@example.org", "2": "bob@example.org"})


def test_the_contacts_of_the_config_stand_beside_those_of_the_account():
    listed = {"Bob Miller": "bob@example.org", "Taxi": "+49301234", "Reception": "204", "Nobody": "@"}
    library = Library(Client(), PLAN, listed)
    assert [(p.name, p.address, p.number) for p in library.book().people] == [
        ("Bob Miller", "bob@example.org", "2"),
        ("Carol", "carol@example.org", "1"),
        ("dave@example.org", "dave@example.org", ""),
        ("Reception", "204@example.org", "204"),
        ("Taxi", "+49301234@sip.example.org", "+49301234"),
    ]
    assert library.directory() == {
        "bob@example.org": "Bob Miller",
        "+49301234@sip.example.org": "Taxi",
        "204@example.org": "Reception",
    }
