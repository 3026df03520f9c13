"""Puts the phone onto a Debian or Raspberry Pi OS: `phone install`, and the Debian package, by the same steps.

A step knows whether it is done; only those that are not are carried out. So a second run changes nothing, and what a
run would do can be shown. `layout` says where everything goes.
"""
