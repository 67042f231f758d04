// Copyright (c) 2026, aws_ha.overlay_ip contributors
// GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // How old the page is: it shows one moment, and must not look as if it were now.
  const made = new Date(one("#made").dateTime);
  const age = () => {
    const minutes = Math.max(0, Math.floor((Date.now() - made) / 60000));
    const told = minutes < 60 ? `${minutes} min` : minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`;
    one("#age").textContent = minutes ? `${told} ago` : "just now";
    one("#age").classList.toggle("old", minutes >= 60);
  };
  if (!Number.isNaN(made.getTime())) {
    age();
    setInterval(age, 30000);
  }

  // A command goes to the clipboard; where that is refused, it is selected.
  for (const button of all(".copy")) {
    const before = button.innerHTML;
    let timer;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      let told = "Copied";
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        getSelection().selectAllChildren(code);
        told = "Selected";
      }
      button.textContent = told;
      one("#said").textContent = told;
      clearTimeout(timer); // clicked again meanwhile
      timer = setTimeout(() => { button.innerHTML = before; one("#said").textContent = ""; }, 1500);
    });
  }

  // The filter of a fleet.
  const filter = one(".filter");
  if (filter) {
    const [name, state, zone] = ["#f-name", "#f-state", "#f-zone"].map(one);
    const rows = all("#rows tbody tr").map((row) => ({ row, text: row.textContent.toLowerCase() }));
    const nodes = all("#node-rows tbody tr").map((row) => ({ row, text: row.textContent.toLowerCase() }));
    const fits = (text, row) => text.includes(name.value.trim().toLowerCase()) && (!zone.value || row.dataset.z === zone.value);
    const show = () => {
      let shown = 0;
      for (const { row, text } of rows) {
        row.hidden = !(fits(text, row) && (!state.value || row.dataset.s === state.value));
        shown += !row.hidden;
      }
      for (const { row, text } of nodes) row.hidden = !fits(text, row);
      for (const button of all(".state")) button.setAttribute("aria-pressed", String(button.dataset.state === state.value));
      one("#f-told").textContent = `${shown} of ${rows.length} shown`;
    };
    filter.hidden = false;
    filter.addEventListener("submit", (event) => event.preventDefault());
    filter.addEventListener("input", show);
    for (const button of all(".state")) {
      button.addEventListener("click", () => {
        const chosen = button.dataset.state;
        state.value = state.value === chosen || !all("option", state).some((o) => o.value === chosen) ? "" : chosen;
        show();
      });
    }
    show();
  }

  // Paper cannot be clicked.
  addEventListener("beforeprint", () => { for (const closed of all("details")) closed.open = true; });
})();
