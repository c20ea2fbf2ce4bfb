"""Meshes from formulas: revolving, sweeping, lofting and triangulating outlines.

Lengths are metres, z is up. A product is a list of Blender objects; nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bmesh
import bpy
import numpy as np
from mathutils import Vector
from mathutils.geometry import delaunay_2d_cdt
from numpy.typing import NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Finish:
    """What happens to a raw mesh: modifiers in the order given here; 0 leaves one out. Lengths in metres."""

    thickness: float = 0.0
    bevel: float = 0.0
    subdivision: int = 0
    smooth: bool = True


def mesh_object(
    name: str,
    vertices: Points,
    faces: Sequence[Sequence[int]],
    material: bpy.types.Material,
    finish: Finish | None = None,
) -> bpy.types.Object:
    """An object in the scene from (n, 3) vertices and faces of vertex numbers."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(map(float, v)) for v in vertices], [], [tuple(map(int, f)) for f in faces])
    _outward(mesh)
    mesh.materials.append(material)
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    finish_mesh(thing, finish or Finish())
    return thing


def _outward(mesh: bpy.types.Mesh) -> None:
    work = bmesh.new()
    work.from_mesh(mesh)
    bmesh.ops.recalc_face_normals(work, faces=work.faces)
    work.to_mesh(mesh)
    work.free()


def finish_mesh(thing: bpy.types.Object, finish: Finish) -> None:
    """Adds the modifiers of a finish."""
    if finish.thickness:
        solid = thing.modifiers.new("thickness", "SOLIDIFY")
        solid.thickness, solid.offset, solid.use_even_offset = finish.thickness, 0.0, True
    if finish.bevel:
        bevel = thing.modifiers.new("bevel", "BEVEL")
        bevel.width, bevel.segments, bevel.limit_method = finish.bevel, 3, "ANGLE"
        bevel.harden_normals = False
    if finish.subdivision:
        levels = thing.modifiers.new("subdivision", "SUBSURF")
        levels.levels = levels.render_levels = finish.subdivision
    if finish.smooth:
        for polygon in thing.data.polygons:
            polygon.use_smooth = True


def set_uv(thing: bpy.types.Object, uv_of_vertex: Points) -> None:
    """Texture coordinates from an (n, 2) array, one row a vertex."""
    layer = thing.data.uv_layers.new(name="UVMap")
    corners = np.array([loop.vertex_index for loop in thing.data.loops])
    layer.data.foreach_set("uv", np.asarray(uv_of_vertex, np.float32)[corners].ravel())


def spline(knots: Sequence[Sequence[float]], count: int, closed: bool = False) -> Points:
    """A Catmull-Rom curve of `count` points through the knots (any dimension)."""
    p = np.asarray(knots, float)
    n = len(p)
    t = np.linspace(0, n if closed else n - 1, count, endpoint=not closed)
    i = np.minimum(t.astype(int), n - 1 if closed else n - 2)
    f = (t - i)[:, None]
    ends = np.vstack([p[-1:], p, p[:2]]) if closed else np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    a, b, c, d = (ends[i + k] for k in range(4))
    return 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3)


def loft_faces(rings: int, per_ring: int, around: bool = True, along: bool = False) -> list[list[int]]:
    """Quads that join `rings` rings of `per_ring` vertices; closed around the ring, and along the rings."""
    columns = per_ring if around else per_ring - 1
    rows = rings if along else rings - 1
    faces = []
    for r in range(rows):
        a, b = r * per_ring, (r + 1) % rings * per_ring
        for c in range(columns):
            d = (c + 1) % per_ring
            faces.append([a + c, a + d, b + d, b + c])
    return faces


def sheet(name: str, cloud: Points, material: bpy.types.Material, finish: Finish | None = None) -> bpy.types.Object:
    """An open surface through a (rows, columns, 3) grid; UV runs 0..1 along the columns and up the rows."""
    rows, columns = cloud.shape[:2]
    faces = loft_faces(rows, columns, around=False)
    thing = mesh_object(name, cloud.reshape(-1, 3), faces, material, finish)
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    set_uv(thing, np.stack([u.ravel(), v.ravel()], -1))
    return thing


def loft(
    name: str,
    rings: Points,
    material: bpy.types.Material,
    finish: Finish | None = None,
    caps: bool = False,
) -> bpy.types.Object:
    """A skin over (rings, per_ring, 3) closed cross-sections."""
    count, per_ring = rings.shape[:2]
    faces = loft_faces(count, per_ring)
    if caps:
        faces += [list(range(per_ring))[::-1], list(range((count - 1) * per_ring, count * per_ring))]
    return mesh_object(name, rings.reshape(-1, 3), faces, material, finish)


def revolve(
    name: str, profile: Points, material: bpy.types.Material, finish: Finish | None = None, segments: int = 128
) -> bpy.types.Object:
    """Turns an (n, 2) profile of radius and height about z. Radii of zero close the ends."""
    turn = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    radius, height = profile[:, :1], profile[:, 1:]
    rings = np.stack([radius * np.cos(turn), radius * np.sin(turn), height + 0 * turn], -1)
    thing = loft(name, rings, material, finish)
    _merge_doubles(thing.data)
    return thing


def _merge_doubles(mesh: bpy.types.Mesh) -> None:
    work = bmesh.new()
    work.from_mesh(mesh)
    bmesh.ops.remove_doubles(work, verts=work.verts, dist=1e-6)
    bmesh.ops.recalc_face_normals(work, faces=work.faces)
    work.to_mesh(mesh)
    work.free()


def sweep_rings(path: Points, section: Points, up: Sequence[float] = (0, 0, 1), closed: bool = False) -> Points:
    """Cross-sections (n, m, 3): `section` (m, 2) carried along `path` (n, 3), or one section a point (n, m, 2).

    The section's first axis lies sideways (tangent x up), its second towards `up`.
    """
    tangent = (np.roll(path, -1, 0) - np.roll(path, 1, 0)) if closed else np.gradient(path, axis=0)
    tangent = tangent / np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.cross(tangent, np.broadcast_to(np.asarray(up, float), tangent.shape))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    rise = np.cross(side, tangent)
    section = np.broadcast_to(section, (len(path), *section.shape[-2:]))
    return path[:, None] + side[:, None] * section[..., :1] + rise[:, None] * section[..., 1:]


def sweep(
    name: str,
    path: Points,
    section: Points,
    material: bpy.types.Material,
    up: Sequence[float] = (0, 0, 1),
    closed: bool = False,
    finish: Finish | None = None,
) -> bpy.types.Object:
    """A bar of the given cross-section along a path, its ends capped unless the path is closed."""
    rings = sweep_rings(path, section, up, closed)
    count, per_ring = rings.shape[:2]
    faces = loft_faces(count, per_ring, along=closed)
    if not closed:
        faces += [list(range(per_ring))[::-1], list(range((count - 1) * per_ring, count * per_ring))]
    return mesh_object(name, rings.reshape(-1, 3), faces, material, finish)


def ellipse(width: float, height: float, count: int = 16, power: float = 2.0) -> Points:
    """A closed (count, 2) ellipse; a power above 2 squares it towards a rounded rectangle."""
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    bend = 2 / power
    return np.stack([width / 2 * np.sign(c) * abs(c) ** bend, height / 2 * np.sign(s) * abs(s) ** bend], -1)


def rounded_box(
    name: str, size: Sequence[float], centre: Sequence[float], material: bpy.types.Material, radius: float
) -> bpy.types.Object:
    """A box of the given size with rounded edges."""
    half = np.array(size) / 2
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * half + np.array(centre)
    faces = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    thing = mesh_object(name, corners, faces, material, Finish(bevel=radius))
    thing.modifiers["bevel"].segments = 5
    return thing


def triangulate(outline: Points, spacing: float) -> tuple[Points, list[list[int]]]:
    """Even triangles inside a closed (n, 2) outline. The outline's points come first, in order."""
    low, high = outline.min(0), outline.max(0)
    xs, ys = np.arange(low[0], high[0], spacing), np.arange(low[1], high[1], spacing * 0.866)
    grid = np.array([[x + spacing / 2 * (row % 2), y] for row, y in enumerate(ys) for x in xs])
    gap = outline_distance(grid, outline)
    inner = grid[(gap > spacing * 0.6) & inside_outline(grid, outline)]
    points = np.vstack([outline, inner])
    n = len(outline)
    edges = [(i, (i + 1) % n) for i in range(n)]
    vertices, _, faces, *_ = delaunay_2d_cdt([Vector(p) for p in points], edges, [list(range(n))], 1, 1e-7)
    if len(vertices) != len(points):
        raise ValueError("the outline crosses itself; give one that does not")
    return np.array([tuple(v) for v in vertices]), [list(f) for f in faces]


def inside_outline(points: Points, outline: Points) -> NDArray[np.bool_]:
    """Which points lie inside a closed outline (even-odd rule)."""
    x, y = points[:, :1], points[:, 1:]
    ax, ay = outline.T
    bx, by = np.roll(outline, -1, 0).T
    crosses = (ay > y) != (by > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = x < (bx - ax) * (y - ay) / (by - ay) + ax
    result: NDArray[np.bool_] = (crosses & left).sum(1) % 2 == 1
    return result


def outline_distance(points: Points, line: Points, closed: bool = True) -> NDArray[np.float64]:
    """Distance of each point to a line of segments."""
    a = line if closed else line[:-1]
    b = np.roll(line, -1, 0) if closed else line[1:]
    best = np.full(len(points), np.inf)
    for p, q in zip(a, b, strict=True):
        d = q - p
        t = np.clip((points - p) @ d / max(d @ d, 1e-18), 0, 1)
        best = np.minimum(best, np.linalg.norm(points - p - t[:, None] * d, axis=1))
    return best


def smooth_noise(points: Points, wavelength: float, seed: int) -> NDArray[np.float64]:
    """A smooth random field of about unit strength: a sum of random plane waves near one wavelength."""
    random = np.random.default_rng(seed)
    direction = random.normal(size=(24, points.shape[1]))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    wave = direction * (2 * np.pi / wavelength * random.uniform(0.6, 1.4, (24, 1)))
    phase = random.uniform(0, 2 * np.pi, 24)
    field: NDArray[np.float64] = np.cos(points @ wave.T + phase).sum(1) / np.sqrt(12)
    return field
