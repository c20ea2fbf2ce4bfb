"""The studio: paper sweep, softboxes, camera, and the two renders that a shot is put together from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from geometry import Finish, Points, mesh_object, spline
from materials import paper
from mathutils import Matrix, Vector
from numpy.typing import NDArray


@dataclass(frozen=True)
class View:
    """How a shot is set up. Angles in degrees; `fill` is the product's share of the frame's tighter side."""

    size: tuple[int, int]
    paper: str
    azimuth: float = 25.0
    elevation: float = 14.0
    roll: float = 0.0
    fill: float = 0.7
    lens: float = 90.0
    samples: int = 12
    light: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)

    @property
    def flat(self) -> bool:
        """Whether the product lies on the paper under the camera."""
        return self.elevation > 60


def empty_scene(threads: int) -> None:
    """An empty file with the renderer set up."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    cycles = scene.cycles
    cycles.device, cycles.seed = "CPU", 1
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_prefilter, cycles.denoising_quality = "FAST", "BALANCED"
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = True, 0.03
    cycles.max_bounces, cycles.transmission_bounces, cycles.diffuse_bounces = 12, 12, 3
    cycles.sample_clamp_indirect = 4.0
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.image_settings.color_depth = "16"
    scene.world = bpy.data.worlds.new("room")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.9, 0.95, 1.0, 1)
    scene.world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.18


def surface_points(things: Sequence[bpy.types.Object]) -> Points:
    """All vertices of the finished meshes, in metres."""
    graph = bpy.context.evaluated_depsgraph_get()
    clouds = []
    for thing in things:
        final = thing.evaluated_get(graph)
        mesh = final.to_mesh()
        flat = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", flat)
        matrix = np.array(final.matrix_world)
        clouds.append(flat.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3])
        final.to_mesh_clear()
    return np.vstack(clouds).astype(float)


def bake(things: Sequence[bpy.types.Object]) -> None:
    """Replaces meshes by their finished form, so that modifiers run once and not before every render."""
    graph = bpy.context.evaluated_depsgraph_get()
    final = [bpy.data.meshes.new_from_object(thing.evaluated_get(graph)) for thing in things]
    for thing, mesh in zip(things, final, strict=True):
        thing.modifiers.clear()
        thing.data = mesh


def add_paper(reach: float, view: View) -> bpy.types.Object:
    """The seamless: a floor that bends up into a wall behind the product."""
    depth, radius, top = 2.2 * reach, 1.2 * reach, 9 * reach
    corner = spline([(depth, 0), (depth + 0.7 * radius, 0.3 * radius), (depth + radius, radius)], 24)
    floor, wall = np.linspace(-9 * reach, depth, 40)[:-1], np.linspace(radius, top, 30)[1:]
    side = [*((y, 0.0) for y in floor), *map(tuple, corner), *((depth + radius, z) for z in wall)]
    if view.flat:
        side = [(-9 * reach, 0.0), (9 * reach, 0.0)]
    across = (-12 * reach, 12 * reach)
    vertices = np.array([[x, y, z] for y, z in side for x in across])
    faces = [[2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2] for i in range(len(side) - 1)]
    sheet = mesh_object("paper", vertices, faces, paper("paper", view.paper).material, Finish())
    sheet.location.z = -0.0005 * reach
    turn = math.radians(view.azimuth)
    sheet.rotation_euler.z = 0.0 if view.flat else turn
    return sheet


def add_softbox(name: str, place: Points, target: Points, size: tuple[float, float], power: float) -> None:
    """A rectangular light at a place, aimed at a target. Power in watts."""
    lamp = bpy.data.lights.new(name, "AREA")
    lamp.shape, lamp.size, lamp.size_y, lamp.energy = "RECTANGLE", size[0], size[1], power
    thing = bpy.data.objects.new(name, lamp)
    thing.location = place
    thing.rotation_euler = Vector(target - place).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(thing)


def add_lights(reach: float, centre: Points, view: View) -> None:
    """A key, a fill and a top softbox; scaled with the product so that every product is lit alike."""
    power = 66 * reach**2 * view.light
    turn = 0.0 if view.flat else math.radians(view.azimuth)
    rotate = np.array([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1]])
    if view.flat:
        plan = [((-3.6, 1.5, 2.0), (1.6, 1.6), 4.4), ((3.4, -1.5, 3.4), (3, 3), 1.2), ((0, 2, 5), (3, 3), 1.2)]
    else:
        plan = [((-2.6, -2.4, 2.6), (2, 2.6), 3.2), ((3.2, -1.6, 1.4), (2, 3), 1.1), ((0, 0.6, 4), (3, 3), 2.2)]
    for number, (place, size, share) in enumerate(plan):
        spot = rotate @ np.array(place) * reach + centre
        add_softbox(f"softbox {number}", spot, centre, (size[0] * reach, size[1] * reach), power * share)


def add_camera(cloud: Points, view: View) -> None:
    """Frames the product: aims and backs off until it fills the frame as asked. The roll is the tilt."""
    scene = bpy.context.scene
    lens = bpy.data.cameras.new("camera")
    lens.sensor_fit, lens.sensor_width, lens.lens = "HORIZONTAL", 36.0, view.lens
    camera = bpy.data.objects.new("camera", lens)
    scene.collection.objects.link(camera)
    scene.camera = camera
    width, height = view.size
    scene.render.resolution_x, scene.render.resolution_y = width, height
    right, up, back = _axes(view)
    place = _frame(cloud, (right, up, back), view)
    lens.clip_start, lens.clip_end = 0.001, 1000.0
    roll = math.radians(view.roll)
    # Turning the camera anticlockwise turns the picture clockwise.
    right, up = right * math.cos(roll) + up * math.sin(roll), up * math.cos(roll) - right * math.sin(roll)
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = right, up, back, place
    camera.matrix_world = Matrix(matrix.tolist())


def _axes(view: View) -> tuple[Points, Points, Points]:
    turn, lift = math.radians(view.azimuth), math.radians(view.elevation)
    back = np.array([math.sin(turn) * math.cos(lift), -math.cos(turn) * math.cos(lift), math.sin(lift)])
    right = np.array([math.cos(turn), math.sin(turn), 0.0])
    return right, np.cross(back, right), back


def _frame(cloud: Points, axes: tuple[Points, Points, Points], view: View) -> Points:
    right, up, back = axes
    half_width = 18.0 / view.lens
    half_height = half_width * view.size[1] / view.size[0]
    target = (cloud.min(0) + cloud.max(0)) / 2
    distance = float(np.ptp(cloud, axis=0).max()) * 3
    for _ in range(12):
        offset = cloud - (target + back * distance)
        depth = -(offset @ back)
        x, y = offset @ right / depth / half_width, offset @ up / depth / half_height
        share = max(np.ptp(x), np.ptp(y)) / 2
        middle = (x.max() + x.min()) / 2 - view.shift[0], (y.max() + y.min()) / 2 - view.shift[1]
        target = target + (right * middle[0] * half_width + up * middle[1] * half_height) * distance
        distance *= share / view.fill
    return target + back * distance


def set_stage(things: Sequence[bpy.types.Object], view: View) -> bpy.types.Object:
    """Puts paper, lights and camera around a product; returns the paper."""
    bake(things)
    cloud = surface_points(things)
    centre = (cloud.min(0) + cloud.max(0)) / 2
    reach = float(np.linalg.norm(np.ptp(cloud, axis=0))) / 2
    sheet = add_paper(reach, view)
    add_lights(reach, centre, view)
    add_camera(cloud, view)
    return sheet


def render_layers(
    things: Sequence[bpy.types.Object], sheet: bpy.types.Object, view: View, stem: Path
) -> tuple[Path, Path]:
    """Renders the product alone, lit by the paper too, and the paper alone, shaded by the product.

    The first carries the product's exact coverage as alpha, so the shot (first over second), the finished
    picture and the matte agree to the last edge pixel.
    """
    scene = bpy.context.scene
    scene.cycles.samples = view.samples
    limit_to(things)
    product, plate = stem.with_suffix(".product.exr"), stem.with_suffix(".paper.exr")
    scene.render.film_transparent, sheet.visible_camera = True, False
    scene.render.filepath = str(product)
    bpy.ops.render.render(write_still=True)
    scene.render.film_transparent, sheet.visible_camera = False, True
    for thing in things:
        thing.visible_camera = False
    scene.render.use_border = False
    # The paper holds only soft shadows: a quarter of the size is plenty.
    scene.render.resolution_percentage = 25
    scene.render.filepath = str(plate)
    bpy.ops.render.render(write_still=True)
    scene.render.resolution_percentage = 100
    return product, plate


def limit_to(things: Sequence[bpy.types.Object]) -> None:
    """Renders only the part of the frame that holds the product; the rest stays transparent."""
    render, camera = bpy.context.scene.render, bpy.context.scene.camera
    matrix = np.array(camera.matrix_world)
    seen = (surface_points(things) - matrix[:3, 3]) @ matrix[:3, :3]
    scale = camera.data.lens / camera.data.sensor_width
    x = 0.5 - seen[:, 0] / seen[:, 2] * scale
    y = 0.5 - seen[:, 1] / seen[:, 2] * scale * render.resolution_x / render.resolution_y
    edge = 0.01
    render.use_border, render.use_crop_to_border = True, False
    render.border_min_x, render.border_max_x = max(0.0, x.min() - edge), min(1.0, x.max() + edge)
    render.border_min_y, render.border_max_y = max(0.0, y.min() - edge), min(1.0, y.max() + edge)


def read_exr(path: Path) -> NDArray[np.float32]:
    """A render as (h, w, 4) scene-linear RGBA, first row on top, colour multiplied by alpha."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    flat = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(flat)
    bpy.data.images.remove(image)
    return flat.reshape(height, width, 4)[::-1].copy()
