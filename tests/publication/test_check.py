from __future__ import annotations

import io
import time
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from packshot.photo import encode_jpeg
from packshot.photo.icc import ADOBE_RGB_PRIMARIES, D65_WHITE, build_rgb_profile, colorants
from packshot.publication.check import Finding, check_output, meets
from packshot.publication.measure import Facts, Output
from packshot.publication.presets import Preset, preset, read_presets
from tests.publication.shots import Pixels, matte_of, shot

KNOWN = Facts(upscaled=False, shadow="none")
SOURCE = '[sources.s]\ntitle = "S"\nurl = "https://s.example"\ntrust = "official"\ndated = 2026-11-23\n'


def output(image: Pixels, facts: Facts = KNOWN, **more: object) -> Output:
    return Output(encode_jpeg(image), "a.jpg", facts, image, **more)  # type: ignore[arg-type]


def rule(text: str) -> Preset:
    preset_text = '[presets.p]\ntitle = "P"\nvariant = { canvas = [9, 9] }\n[[presets.p.rules]]\nsource = "s"\n'
    return read_presets(SOURCE + preset_text + text, "test")["p"]


def sentences(findings: list[Finding]) -> str:
    return " ".join(finding.sentence for finding in findings)


def test_a_good_shot_meets_amazon_without_a_word() -> None:
    assert check_output(output(shot()), preset("amazon-main")) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('check = "pixel_size"\nmin_width = 401', "The picture is 400 x 300 px: the width must be at least 401 px."),
        (
            'check = "pixel_size"\nmin_height = 301\nmax_longest = 399',
            "at least 301 px and the longest side must be at m",
        ),
        ('check = "pixel_size"\nmax_megapixels = 0.1', "it must have at most 0.1 megapixels"),
        ('check = "pixel_size"\nmin_width = 300\ncount = "product"', "The product, white space not counted, is 24"),
        ('check = "aspect"\nratio = 1.0', "Width to height is 1.333; it must be 1.000."),
        ('check = "format"\nallowed = ["png", "webp", "gif"]', "The file is JPEG; it must be PNG, WEBP or GIF."),
        ('check = "file_size"\nmax_bytes = 900', "it must have at most 1 kB."),
        ('check = "file_size"\nmin_bytes = 9_000_000', "it must have at least 9.00 MB."),
        ('check = "fill"\nmeasure = "longest_side"\nminimum = 0.85', "longest side takes 80.0 % of the frame; it mus"),
        (
            'check = "fill"\nmeasure = "box"\nmaximum = 0.4',
            "box takes 48.0 % of the frame's area; it must take at most 40 %",
        ),
        ('check = "fill"\nmeasure = "area"\nminimum = 0.5', "The product takes 48.0 % of the frame's area"),
        ('check = "color"\nmodes = ["CMYK"]', "The color mode is RGB; it must be CMYK."),
        ('check = "color"\nbits = 16', "It has 8 bits per channel; it must have 16."),
        ('check = "density"\nminimum = 96', "The file states no dots per inch; it must state at least 96."),
        ('check = "shadow"\npolicy = "required"', "The product has no shadow; one is required."),
        (
            'check = "background"\ncolor = [255, 255, 0]',
            "The background is not RGB 255, 255, 0: 100.00 % of it differs",
        ),
    ],
)
def test_each_rule_says_what_is_wrong(text: str, says: str) -> None:
    (finding,) = check_output(output(shot((400, 300), 0.8)), rule(text))
    assert says in finding.sentence
    assert finding.status == "failed"
    assert not meets([finding])


@pytest.mark.parametrize(
    "text",
    [
        'check = "pixel_size"\nmin_width = 400\nmax_height = 300\nmin_longest = 400\nmax_megapixels = 0.12',
        'check = "pixel_size"\nmax_width = 250\ncount = "product"',
        'check = "aspect"\nratio = 1.3333',
        'check = "format"\nallowed = ["jpeg"]\nextension_must_match = true',
        'check = "file_size"\nmax_bytes = 1\nof_format = "png"',
        'check = "fill"\nmeasure = "longest_side"\nminimum = 0.8\nmaximum = 0.8',
        'check = "fill"\nmeasure = "box"\nminimum = 0.47\nmaximum = 0.49',
        'check = "color"\nmodes = ["RGB"]\nbits = 8\nprofile = "sRGB"',
        'check = "shadow"\npolicy = "forbidden"',
        'check = "shadow"\npolicy = "allowed"',
        'check = "background"\ncolor = [255, 255, 255]',
        'check = "not_upscaled"',
    ],
)
def test_each_rule_is_silent_when_met(text: str) -> None:
    assert check_output(output(shot((400, 300), 0.8)), rule(text)) == []


def test_advice_and_open_questions_do_not_break_a_preset() -> None:
    findings = check_output(output(shot((600, 600)), Facts()), preset("google-merchant"), date(2026, 12, 1))
    assert {finding.status for finding in findings} == {"advice", "unknown"}
    assert "Whether the product was enlarged" in sentences(findings)
    assert meets(findings)


def test_facts_that_pixels_cannot_tell_are_used() -> None:
    findings = check_output(output(shot(), Facts(upscaled=True, shadow="soft")), preset("google-merchant"))
    assert "The product was enlarged beyond the photo's own pixels." in sentences(findings)
    assert "visible shadow; none is allowed" in sentences(
        check_output(output(shot(), Facts(shadow="soft")), preset("bol"))
    )


def test_one_level_off_white_is_seen_and_placed() -> None:
    image = shot(fill=0.5)
    image[1700:1800, 100:300] = 254
    png = io.BytesIO()
    Image.fromarray(image).save(png, "PNG")
    findings = check_output(Output(png.getvalue(), "a.png", KNOWN), preset("walmart"))
    assert "0.67 % of it differs by up to 1 levels, mostly at the bottom left." in sentences(findings)


def test_a_grey_backdrop_is_no_product() -> None:
    findings = check_output(output(shot(backdrop=235)), preset("amazon-main"))
    assert sentences(findings) == "The background is not pure white: 100.00 % of it differs by up to 20 levels."


def test_a_dust_speck_is_no_product_but_a_fault() -> None:
    image = shot(fill=0.86)
    image[60:66, 60:66] = 90
    findings = check_output(output(image), preset("amazon-main"))
    assert "mostly at the top left" in sentences(findings)
    assert "takes" not in sentences(findings)


def test_compression_around_the_product_is_no_fault() -> None:
    data = encode_jpeg(shot(), quality=50)
    assert check_output(Output(data, "a.jpg", KNOWN), preset("amazon-main")) == []


def test_a_shadow_that_touches_the_product_is_no_fault_where_shadows_are_allowed() -> None:
    image = shot(fill=0.88)
    image[1880:1960, 300:1700] = np.linspace(200, 254, 80).astype(np.uint8)[:, None, None]
    with_shadow = output(image, Facts(False, "soft"), matte=matte_of(fill=0.88))
    assert check_output(with_shadow, preset("amazon-main")) == []
    without = output(image, KNOWN, matte=matte_of(fill=0.88))
    assert "mostly at the bottom" in sentences(check_output(without, preset("amazon-main")))


def test_a_grey_veil_over_the_whole_backdrop_is_no_shadow() -> None:
    veiled = output(shot(fill=0.88, backdrop=250), Facts(False, "soft"), matte=matte_of(fill=0.88))
    assert "100.00 % of it differs" in sentences(check_output(veiled, preset("amazon-main")))


def test_a_picture_without_any_background_is_told_so() -> None:
    findings = check_output(output(shot(), matte=np.full((2000, 2000), 255, np.uint8)), preset("amazon-main"))
    assert "No background is left around the product" in sentences(findings)
    findings = check_output(output(shot(fill=0.0)), preset("amazon-main"))
    assert "No product was found in the frame." in sentences(findings)


def test_a_matte_decides_what_is_product() -> None:
    findings = check_output(output(shot(fill=0.9), matte=matte_of(fill=0.5)), preset("amazon-main"))
    assert "longest side takes 50.1 % of the frame" in sentences(findings)
    with pytest.raises(ValueError, match="the matte is 400 x 400, the output 2000 x 2000"):
        check_output(output(shot(), matte=matte_of((400, 400))), preset("amazon-main"))


def test_transparency_counts_where_it_is_allowed() -> None:
    image = np.dstack([shot((1500, 2000)), matte_of((1500, 2000))])
    image[..., :3][image[..., 3] == 0] = 0
    png = io.BytesIO()
    Image.fromarray(image).save(png, "PNG", dpi=(96, 96), compress_level=1)
    cut_out = Output(png.getvalue(), "a.png", KNOWN)
    assert not any("background" in f.sentence for f in check_output(cut_out, preset("about-you")))
    assert "The background is transparent; it must be pure white." in sentences(
        check_output(cut_out, preset("zalando"))
    )


def test_another_color_profile_is_named() -> None:
    profile = build_rgb_profile("Wide", colorants(ADOBE_RGB_PRIMARIES, D65_WHITE), 2.2)
    file = io.BytesIO()
    Image.fromarray(shot((64, 64))).save(file, "JPEG", icc_profile=profile)
    findings = check_output(Output(file.getvalue()), rule('check = "color"\nprofile = "sRGB"'))
    assert sentences(findings) == "The color profile is Wide; it must be sRGB."


def test_a_wrong_extension_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode_jpeg(shot((600, 600))))
    assert "its name ends in .png" in sentences(check_output(path, preset("google-merchant")))


def test_what_is_no_image_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"GIF89a, or so it says")
    with pytest.raises(ValueError, match=r"a.jpg cannot be read as an image"):
        check_output(path, preset("ebay"))


def test_checking_a_large_output_is_quick() -> None:
    image, matte = shot((2000, 2500)), matte_of((2000, 2500))
    data = encode_jpeg(image)
    seconds = []
    for _ in range(5):
        start = time.process_time()
        check_output(Output(data, "a.jpg", KNOWN, image, matte), preset("amazon-main"))
        seconds.append(time.process_time() - start)
    # Processor time, so that other work on the machine does not count: about 0.035 s.
    assert min(seconds) < 0.12
