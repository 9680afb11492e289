"""Constants of a MuJoCo model that follow from its masses and inertias, inside of programs.

MuJoCo's compiler computes them, and `mj_setConst` does it again after a change. MJX has neither, so
a program that draws masses has to compute them itself (Q38).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from splagger.environments.locomotion.packages import import_mujoco


@dataclass(frozen=True, eq=False)
class DerivedConstants:
    """What derived constants need to know of a model besides its masses and inertias.

    None of it depends on these, so that it is computed once, by MuJoCo itself. It is for bodies
    with motors, but without tendons and flexible parts, whose constants are left out.

    A body at rest in MuJoCo's `qpos0` that gets the velocities v moves its parts by `motions @ v`;
    half of `weights * (motions @ v)**2`, summed up, is its kinetic energy, where `weights` are
    masses, inertias and what the joints add to them.
    """

    motions: Float[np.ndarray, "row nv"]
    """How fast everything moves per velocity of a joint: for every part the three directions of its
    inertia's frame, then three rotations around these; in the end, the joints themselves."""
    armature: Float[np.ndarray, "nv"]
    """Inertia of the joints themselves."""
    lever_arms: Float[np.ndarray, "nu nv"]
    """Force on every joint per force of a motor, `actuator_moment`."""
    subtrees: Float[np.ndarray, "nbody nbody"]
    """1 where a part (column) is another (row) or hangs on it."""
    averaging: Float[np.ndarray, "nv nv"]
    """Means over the three translations or rotations of one joint."""

    @classmethod
    def of(cls, model: Any) -> "DerivedConstants":
        """Reads a `mujoco.MjModel`."""
        mujoco = import_mujoco()
        data = mujoco.MjData(model)
        mujoco.mj_fwdPosition(model, data)
        motions = np.zeros((model.nbody, 6, model.nv))
        for part, motion in enumerate(motions):
            mujoco.mj_jacBodyCom(model, data, motion[:3], motion[3:], part)
            frame = data.ximat[part].reshape(3, 3)
            motion[:3], motion[3:] = frame.T @ motion[:3], frame.T @ motion[3:]
        lever_arms = np.zeros((model.nu, model.nv))
        mujoco.mju_sparse2dense(
            lever_arms,
            data.actuator_moment.ravel(),
            data.moment_rownnz,
            data.moment_rowadr,
            data.moment_colind.ravel(),
        )
        subtrees = np.eye(model.nbody)
        # A part comes after the one that it hangs on.
        for part in range(model.nbody - 1, 0, -1):
            subtrees[model.body_parentid[part]] += subtrees[part]
        return cls(
            motions=np.concatenate([motions.reshape(-1, model.nv), np.eye(model.nv)]),
            armature=np.array(model.dof_armature),
            lever_arms=lever_arms,
            subtrees=subtrees,
            averaging=_averaging(model),
        )

    def fields(
        self, body_mass: Float[Any, "... nbody"], body_inertia: Float[Any, "... nbody 3"]
    ) -> dict[str, Float[Any, "..."]]:
        """The derived constants of bodies.

        All arrays are NumPy's or all are JAX's, with any leading dimensions. In single precision
        errors are below 1e-5 of each number, also on devices that multiply matrices coarsely.

        **Arguments:**

        - `body_mass`: of all parts in kg, the world's included; above 0 for what moves.
        - `body_inertia`: around the three axes of a part's inertia, in kg m^2.

        **Returns:** by MuJoCo's names: `body_subtreemass` in kg; the diagonal of the joints'
        inertia matrix `dof_M0` and its mean `meaninertia`; mean inverse inertias of the joints
        `dof_invweight0` and of the parts `body_invweight0`, `[..., nbody, 2]`, translating and
        rotating; accelerations by the unit force of a motor `actuator_acc0`.
        """
        namespace = body_mass.__array_namespace__()

        def constant(values: np.ndarray) -> Float[Any, "..."]:
            return namespace.asarray(values.astype(body_mass.dtype))

        leading, joints = body_mass.shape[:-1], len(self.armature)
        parts = namespace.concat(
            [namespace.stack([body_mass] * 3, axis=-1), body_inertia], axis=-1
        ).reshape(*leading, -1)
        armature = namespace.broadcast_to(constant(self.armature), (*leading, joints))
        weights = namespace.concat([parts, armature], axis=-1)
        motions = constant(self.motions)
        diagonal = _product(motions.T**2, weights)
        # The inertia matrix is M = motions^T weights motions, but single precision would not be
        # enough to form and invert it. Where the columns of C = motions B are orthogonal, so that
        # C^T weights C = 1, its inverse is B B^T, and motions M^-1 motions^T is C C^T.
        columns = _orthogonal_columns(motions, weights)
        inverse = (columns**2).sum(axis=-1)
        basis = columns[..., None, -joints:, :]
        pushed = (basis * constant(self.lever_arms)[:, :, None]).sum(axis=-2)
        accelerations = _product(basis, pushed)
        return {
            "body_subtreemass": _product(constant(self.subtrees), body_mass),
            "body_invweight0": inverse[..., :-joints].reshape(*leading, -1, 2, 3).mean(axis=-1),
            "dof_M0": diagonal,
            "dof_invweight0": _product(constant(self.averaging), inverse[..., -joints:]),
            "actuator_acc0": namespace.sqrt((accelerations**2).sum(axis=-1)),
            "meaninertia": diagonal.mean(axis=-1),
        }


def replace_fields(model: Any, fields: dict[str, Any]) -> Any:
    """An `mjx.Model` with other values.

    **Arguments:**

    - `model`: an `mjx.Model`.
    - `fields`: new values by MuJoCo's names, such as `DerivedConstants.fields` has them;
      `meaninertia`, which belongs to the model's statistics, may be among them.
    """
    fields = dict(fields)
    statistics = {name: fields.pop(name) for name in ("meaninertia",) if name in fields}
    return model.replace(**fields, stat=model.stat.replace(**statistics))


def _product(
    matrix: Float[Any, "... row column"], vector: Float[Any, "... column"]
) -> Float[Any, "... row"]:
    """A matrix times a vector, exactly: where JAX multiplies matrices, GPUs round the factors."""
    return (matrix * vector[..., None, :]).sum(axis=-1)


def _orthogonal_columns(
    motions: Float[Any, "row column"], weights: Float[Any, "... row"]
) -> Float[Any, "... row column"]:
    """Combines columns to ones with the weighted products 1 with themselves and 0 with others.

    The last joints go first: less precision is lost on light limbs of a heavy body, and each column
    is combined of those of its own limb only.
    """
    namespace = weights.__array_namespace__()
    rest = namespace.broadcast_to(motions[..., ::-1], (*weights.shape, motions.shape[-1]))
    done = []
    for _ in range(motions.shape[-1]):
        column = rest[..., 0]
        weighted = weights * column
        length = namespace.sqrt((weighted * column).sum(axis=-1, keepdims=True))
        column, weighted = column / length, weighted / length
        rest = rest[..., 1:]
        shares = (weighted[..., None] * rest).sum(axis=-2, keepdims=True)
        rest = rest - column[..., None] * shares
        done.append(column)
    return namespace.stack(done, axis=-1)


def _averaging(model: Any) -> Float[np.ndarray, "nv nv"]:
    """The matrix that replaces numbers of joints by means over what has no axes of its own."""
    joint_types = import_mujoco().mjtJoint
    averaging = np.eye(model.nv)
    for kind, first in zip(model.jnt_type, model.jnt_dofadr, strict=True):
        groups = {joint_types.mjJNT_FREE: 2, joint_types.mjJNT_BALL: 1}.get(joint_types(kind), 0)
        for start in range(first, first + 3 * groups, 3):
            averaging[start : start + 3, start : start + 3] = 1 / 3
    return averaging
