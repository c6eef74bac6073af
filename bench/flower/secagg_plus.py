"""Times Flower's SecAgg+ in CPU seconds: `python3 secagg_plus.py CLIENTS PARAMETERS THRESHOLD SURVIVORS,...`; JSON on standard output.

The client's stages are Flower's own functions on a whole round's messages. The server's workflow needs a running grid, so
its parts are timed one by one, again with Flower's own functions, and bench/src/flower adds them up as the workflow calls
them (flwr/server/workflow/secure_aggregation/secaggplus_workflow.py).
"""

import importlib
import json
import platform
import statistics
import sys
import time
from importlib.metadata import version

import numpy as np
from flwr.common import bytes_to_ndarray, ndarray_to_bytes, ndarrays_to_parameters
from flwr.common.secure_aggregation.crypto.shamir import combine_shares, create_shares
from flwr.common.secure_aggregation.crypto.symmetric_encryption import encrypt, generate_shared_key
from flwr.common.secure_aggregation.ndarrays_arithmetic import (
    parameters_addition,
    parameters_mod,
    parameters_subtraction,
)
from flwr.common.secure_aggregation.quantization import dequantize
from flwr.common.secure_aggregation.secaggplus_constants import Key
from flwr.common.secure_aggregation.secaggplus_utils import (
    pseudo_rand_gen,
    share_keys_plaintext_concat,
)
from flwr.supercore.primitives.asymmetric import (
    bytes_to_private_key,
    bytes_to_public_key,
)

# The package has a function of this name too.
mod = importlib.import_module("flwr.client.mod.secure_aggregation.secaggplus_mod")

REPETITIONS = 3
# The workflow's defaults.
CLIPPING_RANGE, QUANTIZATION_RANGE, MODULUS_RANGE, MAX_WEIGHT = 8.0, 4194304, 4294967296, 1000.0


def cpu(work):
    """The median CPU seconds of `work`, and its last result."""
    times = []
    for _ in range(REPETITIONS):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return statistics.median(times), result


def set_up(nid, clients, threshold):
    """A client after stage 0, and its public keys."""
    state = mod.SecAggPlusState()
    state.nid = nid
    keys = mod._setup(
        state,
        {
            Key.SAMPLE_NUMBER: clients,
            Key.SHARE_NUMBER: clients,
            Key.THRESHOLD: threshold,
            Key.CLIPPING_RANGE: CLIPPING_RANGE,
            Key.TARGET_RANGE: QUANTIZATION_RANGE,
            Key.MOD_RANGE: MODULUS_RANGE,
            Key.MAX_WEIGHT: MAX_WEIGHT,
        },
    )
    return state, (keys[Key.PUBLIC_KEY_1], keys[Key.PUBLIC_KEY_2])


def sealed_for(states, book, addressee):
    """What the others seal for one of them: shares that only have the right length, for nothing is rebuilt from them."""
    me = states[addressee]
    b_share = create_shares(bytes(32), me.threshold, me.share_num)[0]
    sk_share = create_shares(me.sk1, me.threshold, me.share_num)[0]
    others = [nid for nid in states if nid != addressee]
    ciphertexts = []
    for nid in others:
        key = generate_shared_key(
            bytes_to_private_key(states[nid].sk2), bytes_to_public_key(book[addressee][1])
        )
        plaintext = share_keys_plaintext_concat(nid, addressee, b_share, sk_share)
        ciphertexts.append(encrypt(key, plaintext))
    return {Key.SOURCE_LIST: others, Key.CIPHERTEXT_LIST: ciphertexts}


def client_costs(states, book, parameters):
    """CPU seconds of one client's stages, and its masked vector as it is sent."""
    me = states[0]
    update = np.random.default_rng(1).uniform(-0.02, 0.02, parameters).astype(np.float32)
    model = ndarrays_to_parameters([update])
    setup, _ = cpu(lambda: set_up(0, me.sample_num, me.threshold))
    share, _ = cpu(lambda: mod._share_keys(me, {str(nid): keys for nid, keys in book.items()}))
    sealed = sealed_for(states, book, 0)
    collect, sent = cpu(lambda: mod._collect_masked_vectors(me, sealed, 500, model))
    unmask, _ = cpu(
        lambda: mod._unmask(
            me, {Key.ACTIVE_NODE_ID_LIST: list(states), Key.DEAD_NODE_ID_LIST: []}
        )
    )
    costs = {"setup": setup, "shareKeys": share, "collectMaskedVectors": collect, "unmask": unmask}
    return costs, sent[Key.MASKED_PARAMETERS]


def server_costs(states, book, masked, survivors):
    """CPU seconds of the workflow's parts when that many clients survive."""
    me, peer = states[0], book[1][0]
    shapes = [(1,), (masked[1].shape[0],)]
    shares_of = lambda secret: create_shares(secret, me.threshold, me.share_num)[:survivors]
    self_mask_shares, key_shares = shares_of(me.rd_seed), shares_of(me.sk1)
    encoded = [ndarray_to_bytes(part) for part in masked]
    agree = lambda: generate_shared_key(bytes_to_private_key(me.sk1), bytes_to_public_key(peer))
    mask = pseudo_rand_gen(me.rd_seed, MODULUS_RANGE, shapes)
    parts = {
        "decode": lambda: [bytes_to_ndarray(part) for part in encoded],
        "add": lambda: parameters_addition(masked, masked),
        "modulo": lambda: parameters_mod(masked, MODULUS_RANGE),
        "combineSelfMaskSeed": lambda: combine_shares(self_mask_shares),
        "combineMaskKey": lambda: combine_shares(key_shares),
        "expandMask": lambda: pseudo_rand_gen(me.rd_seed, MODULUS_RANGE, shapes),
        "subtractMask": lambda: parameters_subtraction(masked, mask),
        "agree": agree,
        "dequantise": lambda: dequantize(masked[1:], CLIPPING_RANGE, QUANTIZATION_RANGE),
    }
    return {name: cpu(part)[0] for name, part in parts.items()}


def main():
    clients, parameters, threshold = (int(text) for text in sys.argv[1:4])
    survivors = [int(text) for text in sys.argv[4].split(",")]
    pairs = {nid: set_up(nid, clients, threshold) for nid in range(clients)}
    states = {nid: state for nid, (state, _) in pairs.items()}
    book = {nid: keys for nid, (_, keys) in pairs.items()}
    client, sent = client_costs(states, book, parameters)
    masked = [bytes_to_ndarray(part) for part in sent]
    servers = [
        {"survivors": n, **server_costs(states, book, masked, n)} for n in survivors
    ]
    versions = {
        "flwr": version("flwr"),
        "numpy": version("numpy"),
        "python": platform.python_version(),
    }
    sent_bytes = sum(len(part) for part in sent)
    json.dump(
        {"versions": versions, "client": client, "sentBytes": sent_bytes, "servers": servers},
        sys.stdout,
    )


if __name__ == "__main__":
    main()
