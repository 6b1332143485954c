"""Tests in Chromium. What they compare in modules that they share is explained as in their own."""

import pytest

pytest.register_assert_rewrite("tests.browser.playing", "tests.browser.replaying")
