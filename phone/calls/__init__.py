"""The call core: pure. One frozen `Phone`, one `step`, levels computed by `outputs`."""
