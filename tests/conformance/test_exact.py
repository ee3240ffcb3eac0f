from gradcheck.testing import BackendConformance


class TestExact(BackendConformance):
    engines = ("exact",)
