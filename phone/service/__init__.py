"""`phone voicemail-service`: a server component (XEP-0114) that takes messages for whole domains. Nothing outside this
room but the command line knows it; it uses the jingle, media, xmpp, ogg and voicemail rooms as the phone does.
"""
