-- What prosody.cfg.lua needs for the voicemail service of b.example.

plugin_paths = { "/opt/phone/server/prosody" } -- where mod_voicemail_disco.lua is; keep what is listed there already

-- Where STUN and TURN services are named to clients (mod_turn_external): name them to the service, too. What is listed
-- here may ask, and nobody else.
-- external_service_access = { "b.example", "vm.b.example" }

VirtualHost "b.example"
	modules_enabled = { "voicemail_disco" } -- beside what is enabled already
	-- voicemail_component = "vm.b.example"  -- the default: "vm." and the host
	-- voicemail_instances = { "vm1.b.example", "vm2.b.example" } -- all of them, if there are several
	-- voicemail_suffix = "%b.example"       -- if b.example is not the first of the service's accounts.domains

Component "vm.b.example"
	component_secret = "the secret of voicemail-service.toml"

Component "upload.b.example" "http_file_share"
	-- the service puts sound files there; whoever is not listed may not, so the accounts are, too
	http_file_share_access = { "b.example", "vm.b.example" }
	http_file_share_expires_after = 30 * 86400  -- a week by default: messages in the chat last so long
