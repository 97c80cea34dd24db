"""What is measured of every page that is looked at; each measure gives what is wrong, in words."""

from typing import Any

from playwright.sync_api import Page

TARGET_PIXELS = 44
# What a thumb must hit on a phone: buttons, fields, and links that stand by themselves.
TARGETS = "main .btn, main button, main input:not([type=hidden]), .nav a, .segments button, summary"
# What a program calls something is not what a person does.
RAW = r"\b[A-Z]+(?:_[A-Z]+)+\b|\{\{|\{%|\bundefined\b|\bNaN\b"

# WCAG 1.4.3: 4.5 to 1, and 3 to 1 for large text. What lies on a picture or a gradient is not computed.
FAINT = """() => {
  const brush = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (css) => {
    if (!known.has(css)) {
      brush.clearRect(0, 0, 1, 1);
      brush.fillStyle = css;
      brush.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
      known.set(css, [r, g, b, a / 255]);
    }
    return known.get(css);
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3]));
  const luminance = (colour) => {
    const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = colour.slice(0, 3).map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (style.backgroundImage !== "none") return null;
      const colour = rgba(style.backgroundColor);
      layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduceRight((under, top) => over(top, under), [255, 255, 255]);
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!words || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (element.closest("[disabled], script, style, title, option, .vh, .skip, .material-symbols-outlined")) continue;
    const under = ground(element);
    if (!under) continue;
    const style = getComputedStyle(element);
    const ink = over(rgba(element.closest("svg") ? style.fill : style.color), under);
    const [light, dark] = [luminance(ink), luminance(under)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const pixels = parseFloat(style.fontSize);
    const isLarge = pixels >= 24 || (pixels >= 18.66 && style.fontWeight >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) found.add(`"${words.slice(0, 40)}" has a contrast of ${ratio.toFixed(2)} to 1`);
  }
  return [...found];
}"""

SMALL = f"""(all) => all.filter((each) => each.checkVisibility()).map((each) => {{
  const box = (each.closest(".field-check, label") ?? each).getBoundingClientRect();
  return [each.outerHTML.slice(0, 80), Math.round(box.height)];
}}).filter(([, height]) => height < {TARGET_PIXELS}).map(([html, height]) => `${{html}} is ${{height}} pixels high`)"""

SPILLED = """() => {
  const root = document.documentElement;
  return root.scrollWidth > root.clientWidth ? [`${root.scrollWidth - root.clientWidth} pixels too wide`] : [];
}"""

RAW_WORDS = f"""() => {{
  const words = document.querySelector("main")?.innerText.match(/{RAW}/g) ?? [];
  return [...new Set(words)].map((each) => `says ${{each}}`);
}}"""

BROKEN = """() => {
  const empty = [...document.images].filter((each) => each.complete && !each.naturalWidth);
  return empty.map((each) => `${each.src} is no picture`);
}"""


def too_wide(page: Page) -> list[str]:
    """The page itself must not be moved sideways."""
    return _strings(page.evaluate(SPILLED))


def too_small(page: Page) -> list[str]:
    """A thumb must hit what it is meant for."""
    return _strings(page.eval_on_selector_all(TARGETS, SMALL))


def too_faint(page: Page) -> list[str]:
    """Every word must stand out from what is behind it."""
    return _strings(page.evaluate(FAINT))


def not_for_people(page: Page) -> list[str]:
    """Names that only a program knows, and pictures that are none."""
    return _strings(page.evaluate(RAW_WORDS)) + _strings(page.evaluate(BROKEN))


def _strings(found: Any) -> list[str]:
    return [str(each) for each in found]
