"""What frameworks return where a derivative is a matter of choice or of care.

`gradcheck.conventions.edges` has the points, `gradcheck.conventions.survey` checks them like any
other case and arranges what the reports say; ``gradcheck conventions`` shows it.
"""
