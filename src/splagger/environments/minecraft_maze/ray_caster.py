"""A small ray caster: blocks with textured faces, seen by a camera that looks along +y."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from splagger.environments.minecraft_maze.textures import TEXELS, textures

FIELD_OF_VIEW = 0.84
"""Half the width of what is seen, at distance 1: 80 degrees in all."""

# Light on faces that look along x, y (towards the camera or away) and z.
_LIGHT = (0.6, 0.8, 1.0)
# How much darker a corner is that three blocks surround.
_OCCLUSION = 0.2
_SKY_TOP = np.array([120.0, 155.0, 240.0])
_SKY_LOW = np.array([178.0, 204.0, 250.0])

Places = Float[np.ndarray, "3 rays"]


@dataclasses.dataclass(frozen=True)
class Scene:
    """Blocks, and where the camera is among them."""

    blocks: Int[np.ndarray, "x y z"]
    """The number of the `Block` in every unit cube; z grows upwards. Outside there is air."""
    eye: tuple[float, float, float]
    """The camera, in a cube of air inside the blocks."""


def render(scene: Scene, size: int, samples: int) -> UInt8[np.ndarray, "size size 3"]:
    """The picture of a scene.

    The same on every machine: colours are rounded to integers before they are averaged.

    **Arguments:**

    - `scene`: what to show.
    - `size`: pixels of each side.
    - `samples`: the square root of the number of rays a pixel, of which it is the average.

    **Returns:** red, green and blue from 0 to 255; the first row is the top.
    """
    width = size * samples
    across = ((np.arange(width) + 0.5) / width * 2 - 1) * FIELD_OF_VIEW
    x, z = np.meshgrid(across, -across)
    directions = np.stack([x.ravel(), np.ones(width * width), z.ravel()])
    colours = np.rint(_colours(scene, directions)).astype(np.int64)
    colours = colours.reshape(size, samples, size, samples, 3).sum(axis=(1, 3))
    count = samples * samples
    return ((2 * colours + count) // (2 * count)).astype(np.uint8)


def _colours(scene: Scene, directions: Places) -> Float[np.ndarray, "rays 3"]:
    cubes, axes, distances, hit = _march(scene, directions)
    height = np.clip(directions[2] / FIELD_OF_VIEW, 0, 1)[:, None]
    colours = _SKY_LOW + height * (_SKY_TOP - _SKY_LOW)
    places = np.array(scene.eye)[:, None] + directions * distances
    for axis in range(3):
        chosen = np.flatnonzero(hit & (axes == axis))
        colours[chosen] = _face(
            scene.blocks, axis, cubes[:, chosen], places[:, chosen], directions[axis, chosen]
        )
    return colours


def _march(
    scene: Scene, directions: Places
) -> tuple[
    Int[np.ndarray, "3 rays"], Int[np.ndarray, "rays"], np.ndarray, Bool[np.ndarray, "rays"]
]:
    """Follows every ray from cube to cube until it meets a block or leaves the world.

    **Returns:** the cubes that were met, the axis along which each was entered, the distance along
    the ray, and whether a block was met at all.
    """
    rays = directions.shape[1]
    eye = np.array(scene.eye)[:, None]
    forward = directions >= 0
    steps = np.where(forward, 1, -1)
    cubes = np.floor(np.broadcast_to(eye, directions.shape)).astype(np.int64)
    # A ray along a plane never crosses it: its distance to it is infinite.
    with np.errstate(divide="ignore"):
        between = 1 / np.abs(directions)
        crossings = np.abs(cubes + forward - eye) * between
    axes, distances, hit = np.zeros(rays, np.int64), np.zeros(rays), np.zeros(rays, bool)
    limits = np.array(scene.blocks.shape)[:, None]
    active = np.arange(rays)
    while active.size:
        axis = np.argmin(crossings[:, active], axis=0)
        axes[active], distances[active] = axis, crossings[axis, active]
        cubes[axis, active] += steps[axis, active]
        crossings[axis, active] += between[axis, active]
        here = cubes[:, active]
        inside = np.all((here >= 0) & (here < limits), axis=0)
        active, here = active[inside], here[:, inside]
        met = scene.blocks[tuple(here)] != 0
        hit[active[met]] = True
        active = active[~met]
    return cubes, axes, distances, hit


def _face(
    blocks: Int[np.ndarray, "x y z"],
    axis: int,
    cubes: Int[np.ndarray, "3 rays"],
    places: Places,
    along: Float[np.ndarray, "rays"],
) -> Float[np.ndarray, "rays 3"]:
    """The colours where rays meet faces that look along one axis."""
    first, second = (other for other in range(3) if other != axis)
    right = np.clip(places[first] - cubes[first], 0, 1)
    up = np.clip(places[second] - cubes[second], 0, 1)
    columns = np.minimum((right * TEXELS).astype(np.int64), TEXELS - 1)
    rows = TEXELS - 1 - np.minimum((up * TEXELS).astype(np.int64), TEXELS - 1)
    texels = textures()[blocks[tuple(cubes)], rows, columns]

    # Corners between blocks get less light: each of a face's four corners is as dark as the cubes
    # around it are full, and between the corners darkness changes smoothly.
    full = np.pad(blocks != 0, 1).astype(np.int64)
    front = cubes + 1
    front[axis] -= np.where(along > 0, 1, -1)

    def filled(first_step: int, second_step: int) -> np.ndarray:
        neighbour = front.copy()
        neighbour[first] += first_step
        neighbour[second] += second_step
        return full[tuple(neighbour)]

    darkness = np.zeros(right.shape)
    for first_step, nearness in ((-1, 1 - right), (1, right)):
        for second_step, closeness in ((-1, 1 - up), (1, up)):
            beside = filled(first_step, 0), filled(0, second_step)
            corner = np.maximum(filled(first_step, second_step), beside[0] * beside[1])
            darkness += nearness * closeness * (beside[0] + beside[1] + corner) / 3
    return texels * (_LIGHT[axis] * (1 - _OCCLUSION * darkness))[:, None]
