"""Is the search for cycles on again afterwards, and left off where it was off?"""

import gc

import pytest

from monitor.cycles import uncollected


@pytest.fixture(params=[True, False], ids=["it was on", "it was off"])
def was(request):
    (gc.enable if request.param else gc.disable)()
    yield request.param
    gc.enable()


def test_it_is_off_meanwhile_and_then_as_it_was(was):
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled() is was


def test_it_is_as_it_was_after_an_error_too(was):
    with pytest.raises(ZeroDivisionError), uncollected():
        raise ZeroDivisionError
    assert gc.isenabled() is was
