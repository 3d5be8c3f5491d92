import pytest


@pytest.fixture(scope="session")
def warm(data_folder: object) -> None:
    """The city's classifier, built once in this run's data folder."""
    from intents import warm_up

    warm_up()
