import logging
import os
import signal
import subprocess
import sys
import zipfile
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.foundation.errors import UserError
from splagger.training import checkpoints


class State(NamedTuple):
    parameters: dict
    key: jax.Array
    steps: np.ndarray


def make_state(seed=0):
    generator = np.random.default_rng(seed)
    parameters = {
        "weight": jnp.asarray(generator.normal(size=(2, 3))),
        "low": jnp.asarray(generator.normal(size=4), jnp.bfloat16),
        "scale": jnp.asarray(0.5, jnp.bfloat16),
        "host": generator.normal(size=3),
        "mask": np.array([True, False]),
        "empty": jnp.zeros((0, 2)),
        "nothing": None,
    }
    return State(parameters, jax.random.split(jax.random.key(seed), 2), np.array(2**40 + seed))


def bits(leaf):
    if hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return str(leaf.dtype), np.asarray(jax.random.key_data(leaf)).tobytes()
    return type(leaf).__name__, str(getattr(leaf, "dtype", "")), np.asarray(leaf).tobytes()


def assert_same(one, other):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    assert [bits(leaf) for leaf in jax.tree.leaves(one)] == [
        bits(leaf) for leaf in jax.tree.leaves(other)
    ]


def names(folder):
    return sorted(os.listdir(folder))


def test_round_trip_is_exact(tmp_path):
    state = make_state()
    metadata = {"positions": {"metrics.jsonl": 10}, "speed": np.float32(0.5), "pair": (1, 2)}
    path = checkpoints.save(tmp_path / "checkpoints", 1234, state, metadata)
    assert path == tmp_path / "checkpoints" / "000000001234.npz"
    # Another state of the same form: only its structure, shapes and dtypes may matter.
    loaded, loaded_metadata = checkpoints.load(path, make_state(seed=1))
    assert_same(loaded, state)
    assert loaded_metadata == {"positions": {"metrics.jsonl": 10}, "speed": 0.5, "pair": [1, 2]}
    assert checkpoints.read_metadata(path) == loaded_metadata
    assert loaded.steps == 2**40
    assert jax.random.normal(loaded.key[0]) == jax.random.normal(state.key[0])


def test_a_state_on_the_host_loads_onto_the_device(tmp_path):
    state = {"weight": jnp.arange(3.0), "low": jnp.ones(2, jnp.bfloat16), "key": jax.random.key(1)}
    path = checkpoints.save(tmp_path, 0, jax.device_get(state), {})
    loaded, _ = checkpoints.load(path, jax.eval_shape(lambda: state))
    assert_same(loaded, state)
    # A loaded state may be donated, like any other.
    doubled = jax.jit(lambda weight: 2 * weight, donate_argnums=0)(loaded["weight"])
    np.testing.assert_array_equal(doubled, [0.0, 2.0, 4.0])


def test_round_trip_is_exact_in_float64(tmp_path, float64):
    state = {"weight": jnp.asarray([1 / 3]), "key": jax.random.key(3, impl="rbg")}
    path = checkpoints.save(tmp_path, 0, state, {})
    loaded, _ = checkpoints.load(path, jax.eval_shape(lambda: state))
    assert loaded["weight"].dtype == jnp.float64
    assert_same(loaded, state)


def test_modules_load_into_abstract_templates(tmp_path):
    def build(seed):
        layer = eqx.nn.Linear(2, 3, key=jax.random.key(seed))
        return {"layer": layer, "count": jnp.zeros((), int)}

    state = build(0)
    path = checkpoints.save(tmp_path, 0, state, {})
    loaded, _ = checkpoints.load(path, eqx.filter_eval_shape(build, 1))
    assert_same(loaded, state)


def test_the_file_is_a_plain_archive_of_arrays(tmp_path):
    path = checkpoints.save(tmp_path, 0, {"a": jnp.arange(3), "b": [np.array(1.5)]}, {})
    with np.load(path, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["state['a']"], [0, 1, 2])
        assert archive["state['b'][0]"] == 1.5
    with zipfile.ZipFile(path) as archive:
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
    again = checkpoints.save(tmp_path / "again", 0, {"a": jnp.arange(3), "b": [np.array(1.5)]}, {})
    assert path.read_bytes() == again.read_bytes()


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({"a": np.zeros(3), "b": np.zeros(2)}, r"state\['a'\] has shape \(2,\) in it, not \(3,\)"),
        ({"a": np.zeros(2), "b": np.zeros(2, int)}, r"state\['b'\] is float64 in it, not int64"),
        ({"a": np.zeros(2), "b": np.zeros(())}, r"state\['b'\] has shape \(2,\) in it, not \(\)"),
        ({"a": np.zeros(2)}, r"it has state\['b'\], which is unknown"),
        ({"a": np.zeros(2), "b": np.zeros(2), "c": np.zeros(1)}, r"state\['c'\] is missing"),
        ((np.zeros(2), np.zeros(2)), r"state\[0\] is missing"),
    ],
)
def test_another_template_is_refused(tmp_path, template, message):
    path = checkpoints.save(tmp_path, 0, {"a": np.zeros(2), "b": np.ones(2)}, {})
    with pytest.raises(UserError, match=message) as caught:
        checkpoints.load(path, template)
    assert "another version or was made with other settings" in str(caught.value)


def test_keys_are_not_taken_for_arrays(tmp_path):
    path = checkpoints.save(tmp_path, 1, {"x": jax.random.key(0)}, {})
    for other in (jnp.zeros(2, jnp.uint32), jax.random.key(0, impl="rbg")):
        with pytest.raises(UserError, match=r"state\['x'\]"):
            checkpoints.load(path, {"x": other})


def test_leaves_that_are_not_arrays_of_numbers_are_refused(tmp_path):
    for leaf in ("text", 3, np.array([object()]), jnp.tanh):
        with pytest.raises(TypeError, match=r"state\['x'\]"):
            checkpoints.save(tmp_path, 0, {"x": leaf}, {})
    assert checkpoints.latest(tmp_path) is None


def test_the_last_two_are_kept(tmp_path):
    assert checkpoints.latest(tmp_path / "absent") is None
    assert checkpoints.latest(tmp_path) is None
    (tmp_path / "000000000001.npz.txt").touch()
    for position in (1, 5, 20, 100):
        path = checkpoints.save(tmp_path, position, {"x": np.array(position)}, {})
        assert checkpoints.latest(tmp_path) == path
    assert names(tmp_path) == ["000000000001.npz.txt", "000000000020.npz", "000000000100.npz"]


def test_a_later_position_belongs_to_a_future_given_up(tmp_path):
    for position in (10, 20, 30):
        checkpoints.save(tmp_path, position, {"x": np.array(position)}, {})
    path = checkpoints.save(tmp_path, 25, {"x": np.array(25)}, {})
    assert checkpoints.latest(tmp_path) == path
    assert names(tmp_path) == ["000000000020.npz", "000000000025.npz"]


def test_a_kill_while_saving_loses_nothing(tmp_path):
    state = {"x": np.arange(1000.0)}
    path = checkpoints.save(tmp_path, 10, state, {})
    half = path.read_bytes()[: path.stat().st_size // 2]
    (tmp_path / ".000000000020.npz.4711.tmp").write_bytes(half)
    assert checkpoints.latest(tmp_path) == path
    assert_same(checkpoints.load(path, state)[0], state)
    checkpoints.save(tmp_path, 20, state, {})
    assert names(tmp_path) == ["000000000010.npz", "000000000020.npz"]


def test_a_killed_process_leaves_a_whole_checkpoint(tmp_path):
    program = (
        "import sys, pathlib, itertools, numpy\n"
        "from splagger.training import checkpoints\n"
        "for position in itertools.count(1):\n"
        "    tree = {'x': numpy.full(500_000, float(position))}\n"
        "    checkpoints.save(pathlib.Path(sys.argv[1]), position, tree, {'position': position})\n"
        "    print(position, flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        reported = [int(process.stdout.readline()) for _ in range(5)]
        process.send_signal(signal.SIGKILL)
    path = checkpoints.latest(tmp_path)
    assert path is not None
    tree, metadata = checkpoints.load(path, {"x": np.zeros(500_000)})
    assert metadata["position"] >= reported[-1]
    np.testing.assert_array_equal(tree["x"], float(metadata["position"]))


def test_a_failed_save_leaves_the_old_ones(tmp_path, monkeypatch):
    checkpoints.save(tmp_path, 10, {"x": np.array(1)}, {})
    checkpoints.save(tmp_path, 20, {"x": np.array(1)}, {})

    def refuse(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(UserError, match=r"cannot write .*30\.npz': No space left"):
            checkpoints.save(tmp_path, 30, {"x": np.array(1)}, {})

    def interrupt(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            checkpoints.save(tmp_path, 30, {"x": np.array(1)}, {})
    assert names(tmp_path) == ["000000000010.npz", "000000000020.npz"]


def test_old_ones_go_only_when_the_new_one_is_complete(tmp_path, monkeypatch):
    for position in (10, 20):
        checkpoints.save(tmp_path, position, {"x": np.array(1)}, {})
    seen = []
    replace = os.replace

    def look(source, target):
        assert checkpoints._find_damage(source) is None
        seen.append(names(tmp_path))
        replace(source, target)

    monkeypatch.setattr(os, "replace", look)
    checkpoints.save(tmp_path, 30, {"x": np.array(1)}, {})
    assert {"000000000010.npz", "000000000020.npz"} <= set(seen[0])


@pytest.mark.parametrize("kept", [0, 1, 100, -1, -30])
def test_a_truncated_checkpoint_is_passed_over(tmp_path, caplog, kept):
    state = {"x": np.arange(100.0)}
    good = checkpoints.save(tmp_path, 10, state, {})
    bad = checkpoints.save(tmp_path, 20, state, {})
    content = bad.read_bytes()
    bad.write_bytes(content[:kept])
    with caplog.at_level(logging.WARNING):
        assert checkpoints.latest(tmp_path) == good
    assert "000000000020.npz" in caplog.text
    with pytest.raises(UserError, match="damaged"):
        checkpoints.load(bad, state)
    good.write_bytes(b"")
    with pytest.raises(UserError, match="none of the 2 checkpoints"):
        checkpoints.latest(tmp_path)


def test_a_changed_byte_is_noticed_or_harmless(tmp_path):
    state = {"x": np.arange(20.0), "k": jax.random.key(1)}
    good = checkpoints.save(tmp_path, 10, state, {})
    bad = checkpoints.save(tmp_path, 20, state, {})
    content = bad.read_bytes()
    noticed = 0
    places = range(0, len(content), 5)
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 0x5A
        bad.write_bytes(changed)
        if checkpoints.latest(tmp_path) == good:
            noticed += 1
        else:
            assert_same(checkpoints.load(bad, state)[0], state)
    assert noticed > len(places) / 2


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="there is no checkpoint"):
        checkpoints.load(tmp_path / "absent.npz", {})
    np.savez(tmp_path / "other.npz", x=np.zeros(2))
    with pytest.raises(UserError, match="damaged"):
        checkpoints.read_metadata(tmp_path / "other.npz")
    with zipfile.ZipFile(tmp_path / "newer.npz", "w") as archive:
        archive.writestr("metadata.json", '{"format": 2}')
    with pytest.raises(UserError, match="format 2; this version reads format 1"):
        checkpoints.load(tmp_path / "newer.npz", {})
