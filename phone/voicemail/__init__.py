"""Messages: the mailbox, the outbox of dictated ones, greetings, and what joins them to a voicemail service.

Law: a message that was acknowledged is whole and on the card, whatever happens to the power; nobody ever meets half a
one. Files come before the index: it can be lost and is made anew from them. `box`, `outbox` and `greeting` block, and
belong in a thread; `wire`, `pubsub`, `follow` and what that is made of do no IO at all; `courier` and `encoding` are
for the event loop, and `aac` is a process of its own.
"""
