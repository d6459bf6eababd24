"""The API, as its clients see it."""

import pytest

# Asserts outside of test modules do not say what they saw unless pytest is told of them.
pytest.register_assert_rewrite("tests.api.talking")
