-- Answers two disco#items nodes for the accounts of this host, so that callers find its voicemail service:
--   voicemail           asked by anyone         -> <user>@<voicemail_component>/voicemail
--   outgoingvoicemail   asked by the user alone -> outgoing@<voicemail_component>/outgoingvoicemail
-- An account that does not exist is answered as any server without voicemail would. And the service itself, which must
-- not keep messages for names that somebody made up, is told by disco#info which accounts exist; nobody else is.
local st = require "util.stanza";
local jid = require "util.jid";
local user_exists = require "core.usermanager".user_exists;

local xmlns = "http://jabber.org/protocol/disco#items";
local xmlns_info = "http://jabber.org/protocol/disco#info";
local component = module:get_option_string("voicemail_component", "vm." .. module.host);
-- where several instances of the service share the work: all of their domains
local instances = module:get_option_set("voicemail_instances", { component });
-- "%example.org" where the service has several account domains, and this host is not its first
local suffix = module:get_option_string("voicemail_suffix", "");

local function item_for(node, user, asker)
	if node == "voicemail" then
		return user .. suffix .. "@" .. component .. "/voicemail";
	elseif asker == user .. "@" .. module.host then
		return "outgoing@" .. component .. "/outgoingvoicemail";
	end
end

local function answer(event)
	local origin, stanza = event.origin, event.stanza;
	local query = stanza.tags[1];
	local node = query.attr.node;
	if node ~= "voicemail" and node ~= "outgoingvoicemail" then return; end
	local asker = jid.bare(stanza.attr.from or origin.full_jid);
	local user = jid.node(stanza.attr.to or asker);
	local item = user_exists(user, module.host) and item_for(node, user, asker);
	if not item then
		origin.send(st.error_reply(stanza, "cancel", "service-unavailable"));
		return true;
	end
	local reply = st.reply(stanza):tag("query", { xmlns = query.attr.xmlns, node = node }):tag("item", { jid = item });
	reply.attr.from = user .. "@" .. module.host; -- also when the query had no 'to'
	origin.send(reply);
	return true;
end

local function vouch(event)
	local stanza = event.stanza;
	if stanza.tags[1].attr.node or not instances:contains(jid.host(stanza.attr.from or "")) then return; end
	local reply = st.reply(stanza):tag("query", { xmlns = xmlns_info });
	if user_exists(jid.node(stanza.attr.to), module.host) then
		reply:tag("identity", { category = "account", type = "registered" });
	end
	event.origin.send(reply);
	return true;
end

-- Before mod_disco and mod_pep, which know nothing of these nodes and answer contacts alone. The second form is printed
-- in Google's text, with a space before the namespace.
module:hook("iq-get/bare/" .. xmlns .. ":query", answer, 10);
module:hook("iq-get/bare/ " .. xmlns .. ":query", answer, 10);
module:hook("iq-get/bare/" .. xmlns_info .. ":query", vouch, 10);
