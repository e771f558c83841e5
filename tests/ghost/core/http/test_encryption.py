"""What is sealed for a token opens with that token, in its place, and unchanged, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghost.core.http.encryption import NONCE_BYTES, decrypt, encrypt

NONCE = bytes(range(NONCE_BYTES))
nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)


@given(plain=st.binary(max_size=500), raw=st.text(min_size=1), nonce=nonces, context=st.binary())
def test_it_opens_again_and_tells_nothing(plain, raw, nonce, context):
    sealed = encrypt(plain, raw, nonce, context)

    assert decrypt(sealed, raw, nonce, context) == plain
    assert len(sealed) == len(plain) + 16
    assert len(plain) < 4 or plain not in sealed


@pytest.mark.parametrize(
    ("raw", "nonce", "context"),
    [
        ("ghost_b", NONCE, b"row 1"),
        ("ghost_a", NONCE[::-1], b"row 1"),
        ("ghost_a", NONCE, b"row 2"),
    ],
    ids=["token", "nonce", "context"],
)
def test_it_does_not_open_with_another(raw, nonce, context):
    sealed = encrypt(b"the answer", "ghost_a", NONCE, b"row 1")

    with pytest.raises(ValueError, match="another token"):
        decrypt(sealed, raw, nonce, context)


@given(bit=st.integers(0, 8 * (10 + 16) - 1))
def test_a_changed_bit_is_noticed(bit):
    sealed = int.from_bytes(encrypt(b"the answer", "ghost_a", NONCE, b"row 1"))
    changed = (sealed ^ 1 << bit).to_bytes(26)

    with pytest.raises(ValueError, match="changed"):
        decrypt(changed, "ghost_a", NONCE, b"row 1")


def test_each_token_has_a_stream_of_its_own():
    one, other = (encrypt(bytes(64), raw, NONCE, b"") for raw in ("ghost_a", "ghost_b"))

    assert one != other
