-- Puts users of this host back into the days of Google Talk: what they discover lists no Jingle, and
-- (google_days = "gtalk3") their sessions begin without <transport/>, as libjingle 0.3 wrote them.
-- Notes each <session/> that passes, so that tests can see who wrote what.
local session_ns = "http://www.google.com/session";
local info_ns = "http://jabber.org/protocol/disco#info";
local form = module:get_option_string("google_days", "gtalk4");

local function without(parent, unwanted)
	parent:maptags(function (child) if not unwanted(child) then return child; end end);
end

local function note(who, session)
	module:log("info", "session: %s %s%s", who, session.attr.type, session:find("{http://www.google.com/transport/p2p}transport") and " transport" or "");
end

module:hook("pre-iq/full", function (event)
	local session = event.stanza:get_child("session", session_ns);
	if not session then return; end
	if form == "gtalk3" and session.attr.type == "initiate" then
		without(session, function (child) return child.name == "transport"; end);
	end
	note("user", session);
end, 100);

module:hook("iq/full", function (event)
	local session = event.stanza:get_child("session", session_ns);
	if session then note("service", session); end
	local query = event.stanza:get_child("query", info_ns);
	if query and event.stanza.attr.type == "result" then
		without(query, function (child) return child.attr.var == "urn:xmpp:jingle:1"; end);
	end
end, 100);
