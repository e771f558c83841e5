"""What is encrypted opens with its key, in its place, and unchanged, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghost.core.encryption import NONCE_BYTES, decrypt, encrypt, key_for

NONCE = bytes(range(NONCE_BYTES))
KEY = key_for("answers of token 1", "a pepper")
nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)


@given(plain=st.binary(max_size=500), use=st.text("abc 1"), nonce=nonces, context=st.binary())
def test_it_opens_again_and_tells_nothing(plain, use, nonce, context):
    key = key_for(use, "a pepper")

    encrypted = encrypt(plain, key, nonce, context)

    assert decrypt(encrypted, key, nonce, context) == plain
    assert len(encrypted) == len(plain) + 16
    assert len(plain) < 4 or plain not in encrypted


@pytest.mark.parametrize(
    ("key", "nonce", "context"),
    [
        (key_for("answers of token 2", "a pepper"), NONCE, b"row 1"),
        (key_for("answers of token 1", "another pepper"), NONCE, b"row 1"),
        (KEY, NONCE[::-1], b"row 1"),
        (KEY, NONCE, b"row 2"),
    ],
    ids=["use", "secret", "nonce", "context"],
)
def test_it_does_not_open_with_another(key, nonce, context):
    encrypted = encrypt(b"the answer", KEY, NONCE, b"row 1")

    with pytest.raises(ValueError, match="another key"):
        decrypt(encrypted, key, nonce, context)


@given(bit=st.integers(0, 8 * (10 + 16) - 1))
def test_a_changed_bit_is_noticed(bit):
    encrypted = int.from_bytes(encrypt(b"the answer", KEY, NONCE, b"row 1"))
    changed = (encrypted ^ 1 << bit).to_bytes(26)

    with pytest.raises(ValueError, match="changed"):
        decrypt(changed, KEY, NONCE, b"row 1")


def test_each_use_has_a_stream_of_its_own():
    keys = (key_for(f"answers of token {number}", "a pepper") for number in (1, 2))

    one, other = (encrypt(bytes(64), key, NONCE) for key in keys)

    assert one != other
