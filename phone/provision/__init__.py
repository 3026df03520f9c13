"""Looking after a phone's config from afar: versions, trials, and the way back.

A version is the whole of what is looked after (`contents`). A new one is first on trial: whoever began the trial
confirms it once the phone has registered; else the daemon puts the version before it back, whatever has become of the
command, the session or the machine (`trial`). Nothing here talks to the daemon but `conduct`.
"""
