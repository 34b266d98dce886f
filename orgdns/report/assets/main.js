"use strict";

// Fills the page from the block of data, and switches the colors.

const THEMES = ["automatic", "light", "dark"];

function startTheme() {
  const button = document.getElementById("theme");
  let chosen = 0;
  button.addEventListener("click", () => {
    chosen = (chosen + 1) % THEMES.length;
    // Without the attribute, the system's setting counts. Nothing is stored.
    if (chosen) {
      document.documentElement.dataset.theme = THEMES[chosen];
    } else {
      delete document.documentElement.dataset.theme;
    }
    button.textContent = `Colors: ${THEMES[chosen]}`;
  });
}

const SECTIONS = {
  state: stateSection,
  health: healthSection,
  zones: zonesSection,
  objective: objectiveSection,
  names: namesSection,
  findings: findingsSection,
  vpcs: vpcsSection,
  changes: changesSection,
  events: eventsSection,
};

function start() {
  const report = JSON.parse(document.getElementById("data").textContent);
  report.spokes = objects(report.spokes);
  const { header } = report;
  document.title = visible(`${header.installation}: orgdns report, ${time(header.made_at)}`);
  const about = [
    `Installation ${header.installation} in ${header.region}`,
    header.organization ? `, organization ${header.organization}` : "",
    ". Made at ", timeElement(header.made_at), ` by orgdns ${header.version}`,
    header.functions && header.functions !== header.version ? `; the functions are orgdns ${header.functions}.` : ".",
  ];
  filled(document.getElementById("about"), {}, about);
  for (const [id, section] of Object.entries(SECTIONS)) {
    filled(document.querySelector(`#${id} .body`), {}, section(report));
  }
  startTheme();
}

start();
