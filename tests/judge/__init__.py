"""What takes minutes: `make judge` alone runs the tests of this folder (tests/conftest.py marks them)."""
