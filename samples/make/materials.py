"""Surfaces from shader nodes alone: fabric, leather, ceramic, metal, glass, rubber, paper."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
from numpy.typing import NDArray


def encoded(colour: str) -> list[float]:
    """RGB 0..1 of a '#rrggbb' colour, still sRGB-encoded."""
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def linear(colour: str) -> tuple[float, float, float, float]:
    """Scene-linear RGBA of a '#rrggbb' sRGB colour."""
    code = np.array(encoded(colour))
    value = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return (*map(float, value), 1.0)


class Surface:
    """A material under construction: a principled shader, and helpers that wire textures into it."""

    def __init__(self, name: str, colour: str, roughness: float = 0.5, **inputs: float) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.nodes, self.links = self.material.node_tree.nodes, self.material.node_tree.links
        self.shader = self.nodes["Principled BSDF"]
        self.set("Base Color", linear(colour))
        self.set("Roughness", roughness)
        for key, value in inputs.items():
            self.set(key.replace("_", " "), value)

    def set(self, key: str, value: object) -> None:
        """Sets an input of the principled shader."""
        self.shader.inputs[key].default_value = value

    def node(self, kind: str, **settings: object) -> bpy.types.Node:
        """A new node; settings name its properties, or its inputs when it has no such property."""
        node = self.nodes.new(kind)
        for key, value in settings.items():
            if hasattr(node, key):
                setattr(node, key, value)
            else:
                node.inputs[key.replace("_", " ")].default_value = value
        return node

    def link(self, source: bpy.types.NodeSocket, target: bpy.types.NodeSocket) -> None:
        """Joins an output to an input."""
        self.links.new(source, target)

    def coordinates(self, kind: str = "Object") -> bpy.types.NodeSocket:
        """Texture coordinates: Object (metres) or UV."""
        return self.node("ShaderNodeTexCoord").outputs[kind]

    def noise(self, scale: float, kind: str = "Object", detail: float = 3.0) -> bpy.types.NodeSocket:
        """Fractal noise, `scale` cells a metre (or a UV unit)."""
        texture = self.node("ShaderNodeTexNoise", Scale=scale, Detail=detail)
        self.link(self.coordinates(kind), texture.inputs["Vector"])
        return texture.outputs[0]

    def waves(self, scale: float, axis: str, kind: str = "Object") -> bpy.types.NodeSocket:
        """Straight sine bands across an axis."""
        texture = self.node("ShaderNodeTexWave", bands_direction=axis, Scale=scale, Distortion=0.6)
        self.link(self.coordinates(kind), texture.inputs["Vector"])
        return texture.outputs["Fac"]

    def math(self, operation: str, *operands: object) -> bpy.types.NodeSocket:
        """Arithmetic on sockets and numbers."""
        node = self.node("ShaderNodeMath", operation=operation)
        for slot, operand in zip(node.inputs, operands, strict=False):
            if isinstance(operand, bpy.types.NodeSocket):
                self.link(operand, slot)
            else:
                slot.default_value = operand
        return node.outputs[0]

    def ramp(self, source: bpy.types.NodeSocket, stops: Sequence[tuple[float, str]]) -> bpy.types.NodeSocket:
        """Colours over the range 0..1 of a socket."""
        node = self.node("ShaderNodeValToRGB")
        bar = node.color_ramp.elements
        while len(bar) < len(stops):
            bar.new(0.5)
        for element, (place, colour) in zip(bar, stops, strict=True):
            element.position, element.color = place, linear(colour)
        self.link(source, node.inputs["Fac"])
        return node.outputs["Color"]

    def mix(
        self, factor: bpy.types.NodeSocket, first: bpy.types.NodeSocket | str, second: bpy.types.NodeSocket | str
    ) -> bpy.types.NodeSocket:
        """First colour where the factor is 0, second where it is 1."""
        node = self.node("ShaderNodeMix", data_type="RGBA")
        self.link(factor, node.inputs["Factor"])
        # A mix node has an A and a B for each data type; those for colours stand at 6 and 7.
        for slot, colour in ((node.inputs[6], first), (node.inputs[7], second)):
            if isinstance(colour, str):
                slot.default_value = linear(colour)
            else:
                self.link(colour, slot)
        return node.outputs[2]

    def colour(self, socket: bpy.types.NodeSocket) -> Surface:
        """Wires a socket into the base colour."""
        self.link(socket, self.shader.inputs["Base Color"])
        return self

    def image(self, pixels: NDArray[np.float32], name: str) -> bpy.types.Node:
        """An image node over UV 0..1 from (h, w, 4) sRGB-encoded pixels, first row on top."""
        height, width = pixels.shape[:2]
        picture = bpy.data.images.new(name, width, height, alpha=True)
        picture.pixels.foreach_set(np.ascontiguousarray(pixels[::-1], np.float32).ravel())
        picture.pack()
        node = self.node("ShaderNodeTexImage", image=picture, extension="CLIP")
        self.link(self.coordinates("UV"), node.inputs["Vector"])
        return node

    def relief(self, pixels: NDArray[np.float32], metres: float) -> Surface:
        """Adds relief from an (h, w) drawing over UV, 0..1 of the given depth."""
        grey = np.repeat(pixels[..., None], 4, 2)
        grey[..., 3] = 1
        height = self.image(grey, f"{self.material.name} relief")
        height.image.colorspace_settings.name = "Non-Color"
        return self.bump(height.outputs["Color"], metres)

    def bump(self, height: bpy.types.NodeSocket, metres: float, strength: float = 1.0) -> Surface:
        """Adds relief of the given depth; several calls add up."""
        node = self.node("ShaderNodeBump", Strength=strength, Distance=metres)
        self.link(height, node.inputs["Height"])
        normal = self.shader.inputs["Normal"]
        if normal.is_linked:
            self.link(normal.links[0].from_socket, node.inputs["Normal"])
        self.link(node.outputs[0], normal)
        return self


def fabric(name: str, colour: str, thread: float = 0.0012, fuzz: float = 0.3) -> Surface:
    """Woven or knitted cloth; `thread` is the period of the weave in metres."""
    surface = Surface(name, colour, 0.85, Sheen_Weight=fuzz, Sheen_Roughness=0.5, Specular_IOR_Level=0.2)
    # A wave texture at scale 1 has a period of 0.314 units.
    scale = 0.314 / thread
    weave = surface.math("ADD", surface.waves(scale, "X"), surface.waves(scale, "Y"))
    surface.bump(weave, thread * 0.16)
    surface.bump(surface.noise(900, detail=2), 0.0002)
    return surface


def leather(name: str, colour: str, grain: float = 650.0) -> Surface:
    """Grained leather with slightly uneven gloss."""
    surface = Surface(name, colour, 0.45, Specular_IOR_Level=0.45)
    cells = surface.node("ShaderNodeTexVoronoi", feature="DISTANCE_TO_EDGE", Scale=grain)
    surface.link(surface.coordinates(), cells.inputs["Vector"])
    surface.bump(surface.math("MINIMUM", cells.outputs["Distance"], 0.25), 0.0007, 0.6)
    surface.bump(surface.noise(25), 0.002, 0.35)
    gloss = surface.math("MULTIPLY_ADD", surface.noise(40), 0.25, 0.33)
    surface.link(gloss, surface.shader.inputs["Roughness"])
    return surface


def metal(name: str, colour: str, roughness: float = 0.2) -> Surface:
    """Bare metal."""
    return Surface(name, colour, roughness, Metallic=1.0)


def glass(name: str, colour: str = "#ffffff", refraction: float = 1.5) -> Surface:
    """Clear or tinted glass."""
    return Surface(name, colour, 0.0, Transmission_Weight=1.0, IOR=refraction)


def rubber(name: str, colour: str) -> Surface:
    """Matt moulded rubber."""
    surface = Surface(name, colour, 0.6, Specular_IOR_Level=0.35)
    return surface.bump(surface.noise(700), 0.0002, 0.5)


def paper(name: str, colour: str) -> Surface:
    """Seamless backdrop paper."""
    return Surface(name, colour, 0.9, Specular_IOR_Level=0.15)
