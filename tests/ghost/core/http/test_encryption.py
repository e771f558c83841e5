"""What is sealed for an owner opens for that owner, in its place, and unchanged, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghost.core.http.encryption import NONCE_BYTES, decrypt, encrypt

NONCE = bytes(range(NONCE_BYTES))
nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)


@given(plain=st.binary(max_size=500), owner=st.text("abc 1"), nonce=nonces, context=st.binary())
def test_it_opens_again_and_tells_nothing(plain, owner, nonce, context):
    sealed = encrypt(plain, owner, nonce, context)

    assert decrypt(sealed, owner, nonce, context) == plain
    assert len(sealed) == len(plain) + 16
    assert len(plain) < 4 or plain not in sealed


@pytest.mark.parametrize(
    ("owner", "nonce", "context"),
    [
        ("token 2", NONCE, b"row 1"),
        ("token 1", NONCE[::-1], b"row 1"),
        ("token 1", NONCE, b"row 2"),
    ],
    ids=["owner", "nonce", "context"],
)
def test_it_does_not_open_with_another(owner, nonce, context):
    sealed = encrypt(b"the answer", "token 1", NONCE, b"row 1")

    with pytest.raises(ValueError, match="another owner"):
        decrypt(sealed, owner, nonce, context)


@given(bit=st.integers(0, 8 * (10 + 16) - 1))
def test_a_changed_bit_is_noticed(bit):
    sealed = int.from_bytes(encrypt(b"the answer", "token 1", NONCE, b"row 1"))
    changed = (sealed ^ 1 << bit).to_bytes(26)

    with pytest.raises(ValueError, match="changed"):
        decrypt(changed, "token 1", NONCE, b"row 1")


def test_each_owner_has_a_stream_of_its_own():
    one, other = (encrypt(bytes(64), owner, NONCE, b"") for owner in ("token 1", "token 2"))

    assert one != other


def test_the_pepper_is_part_of_the_key(settings):
    sealed = encrypt(b"the answer", "token 1", NONCE, b"")
    settings.TOKEN_PEPPER = "another pepper"

    with pytest.raises(ValueError, match="another owner"):
        decrypt(sealed, "token 1", NONCE, b"")
