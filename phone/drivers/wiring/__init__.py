"""What a profile looks like on the bench: a wiring drawing and a list of parts, generated. Pure but for `__main__`.

`python -m phone.drivers.wiring hw/wiring` draws those that are shipped anew; a test compares.
"""
