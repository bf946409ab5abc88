"""First calls import numpy and pyarrow: that is no reason for hypothesis to fail."""

from hypothesis import settings

settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
