"""The settings of the providers that administrators add."""

from ipaddress import ip_network

import pytest

from tests.chatproject.test_config import faults_of, load_with

NETWORKS, KEYS = "PROVIDER_PRIVATE_NETWORKS", "PROVIDER_ENCRYPTION_KEYS"


def test_private_networks_are_addresses_and_blocks_or_all() -> None:
    some = load_with(**{NETWORKS: "192.168.7.9/24, ::1"}).PROVIDER_PRIVATE_NETWORKS
    assert some == (ip_network("192.168.7.0/24"), ip_network("::1"))
    everything = load_with(**{NETWORKS: "*"}).PROVIDER_PRIVATE_NETWORKS
    assert everything == (ip_network("0.0.0.0/0"), ip_network("::/0"))
    assert load_with().PROVIDER_PRIVATE_NETWORKS == ()


@pytest.mark.parametrize("text", ["localhost", "*,10.0.0.0/8", "10.0.0.0/33"])
def test_other_words_are_refused(text: str) -> None:
    assert faults_of(**{NETWORKS: text}).keys() == {NETWORKS}


def test_encryption_keys_are_long_and_never_shown() -> None:
    config = load_with(**{KEYS: f"{'n' * 32},{'o' * 40}"})
    assert config.PROVIDER_ENCRYPTION_KEYS == ("n" * 32, "o" * 40)
    assert "n" * 32 not in repr(config)
    faults = faults_of(**{KEYS: f"{'n' * 32},short-secret"})
    assert faults.keys() == {KEYS}
    assert "short-secret" not in str(faults)
