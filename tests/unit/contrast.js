// Copyright (c) 2026, aws_ha.overlay_ip contributors
// GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The contrast of every text with what lies under it, as WCAG 2.2 defines it: how many were looked at, and which have
// less than 4.5 to 1.
(() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const parse = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data);
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * x + .7152 * y + .0722 * z;
  };
  const ground = (element) => {
    if (element.closest("svg.map")) {
      const at = element.getBoundingClientRect();
      const around = (b) => b.left <= at.left + 2 && b.right >= at.left + 2 && b.top <= at.top + 4 && b.bottom >= at.bottom - 4;
      const every = Array.from(element.closest("svg").querySelectorAll("rect"));
      const boxes = every.filter((rect) => around(rect.getBoundingClientRect()));
      for (const box of boxes.reverse()) {
        const fill = getComputedStyle(box).fill;
        if (fill !== "none") return parse(fill);
      }
      element = element.closest("svg");
    }
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour[3]) return colour;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  let looked = 0;
  for (const element of document.querySelectorAll("body *")) {
    const own = Array.from(element.childNodes).some((n) => n.nodeType === 3 && n.data.trim());
    const box = element.getBoundingClientRect();
    if (!own || !box.width || element.closest(".unseen, title, script, style") || element.matches(".skip")) continue;
    const style = getComputedStyle(element);
    const text = parse(element instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(text), light(ground(element))].sort((x, y) => y - x);
    looked += 1;
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) found.push(`${element.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return {found, looked};
})()
