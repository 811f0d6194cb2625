// In the head, so that the page is never painted in the other theme first.
(() => {
  "use strict";
  const themes = ["auto", "light", "dark"];
  let theme = "auto";
  try {
    theme = localStorage.getItem("holdfast-theme") || "auto";
  } catch {
    // Storage is switched off: the theme is forgotten with the page.
  }
  const apply = () => {
    theme = themes.includes(theme) ? theme : "auto";
    document.documentElement.dataset.theme = theme;
    const button = document.getElementById("theme");
    if (button) button.textContent = `Theme: ${theme}`;
  };
  apply();
  addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme").addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      apply();
      try {
        localStorage.setItem("holdfast-theme", theme);
      } catch {
        // As above.
      }
    });
  });
})();
