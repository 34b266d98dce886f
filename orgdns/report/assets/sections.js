"use strict";

// What each section shows. Each function takes the report and returns elements.

// An account by its label and id, as `payments (444444444444)`.
function accountNames(report) {
  return (account) => (Object.hasOwn(report.accounts, account) ? `${report.accounts[account]} (${account})` : account);
}

function stateSection(report) {
  const { header } = report;
  const parts = [];
  if (header.problems.length) {
    parts.push(el("p", { class: "verdict" }, icon("needs attention"),
      ` ${counted(header.problems.length, "problem needs", "problems need")} attention.`));
    parts.push(el("ol", { class: "problems" }, header.problems.map((problem) => problemItem(problem))));
  } else {
    parts.push(el("p", { class: "verdict" }, icon("well"), " All is well."));
  }
  if (header.paused !== null) {
    parts.push(el("p", { class: "box" }, `orgdns is paused: ${header.paused}`));
  }
  if (header.dry_run.length) {
    parts.push(el("h3", {}, "In dry run"), el("ul", {}, header.dry_run.map((line) => el("li", {}, line))));
  }
  const facts = [
    ["Names", count(report.names.total)],
    ["Accounts and regions", count(report.spokes.length)],
    ["Conflicts", count(report.findings.kinds.conflict || 0)],
    ["Refusals", count(report.findings.kinds.refused || 0)],
    ["VPCs", count(report.vpcs.total)],
    ["Last heartbeat", header.heartbeat_at
      ? [timeElement(header.heartbeat_at), `, ${header.path.toFixed(1)} s for the whole path`] : "none yet"],
  ];
  parts.push(el("dl", { class: "facts" }, facts.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value)))));
  return parts;
}

const SHOWN_LINES = 10;

function problemItem(problem) {
  const lines = problem.lines.map((line) => el("li", {}, line));
  const more = lines.splice(SHOWN_LINES);
  return el("li", { class: "box" },
    el("strong", {}, problem.title),
    problem.since ? el("span", {}, " since ", timeElement(problem.since)) : "",
    el("ul", {}, lines),
    more.length ? disclosure(`${count(more.length)} more`, el("ul", {}, more)) : "",
    problem.todo ? el("p", {}, `What to do: ${problem.todo}`) : "",
    el("p", { class: "quiet" }, `docs/runbook/${problem.runbook}.md`));
}

function healthSection(report) {
  if (!report.spokes.length) {
    return [note("No account is covered yet.")];
  }
  return [
    note("A cell is an account in a region, with its state and the number of its names."),
    new HealthMap(report.spokes, accountNames(report)).element,
  ];
}

function zonesSection(report) {
  const name = accountNames(report);
  const heads = [{ label: "Zone" }, { label: "Records" }, { label: "VPCs" }, { label: "Names", numeric: true },
    { label: "Last audit" }, { label: "Accounts with most records" }];
  const rows = report.zones.map((zone) => [
    el("span", {}, zone.zone, el("br"), el("code", { class: "quiet" }, zone.zone_id)),
    usageBar(zone.records, zone.records_limit, "records"),
    usageBar(zone.vpcs, zone.vpcs_limit, "VPCs"),
    count(zone.names),
    el("span", {}, timeElement(zone.audited_at), zone.fault ? `: ${zone.fault}` : ""),
    zone.accounts.length ? disclosure(counted(zone.accounts.length + zone.more_accounts, "account"),
      el("ul", { class: "shares" }, zone.accounts.map((share) => el("li", {}, `${name(share.account)}: ${counted(share.names, "name")}`,
        usageBar(share.records, zone.account_records, "records")))),
      zone.more_accounts ? note(`and ${count(zone.more_accounts)} more`) : "") : "none",
  ]);
  return [
    note("Records and VPCs count those of others, too. An alarm fires at the mark, at 80 %."),
    plainTable("Records and VPCs of each zone", heads, rows),
  ];
}

function objectiveSection(report) {
  const { trend } = report;
  if (trend.fault) {
    return [el("p", { class: "box" }, trend.fault)];
  }
  const hours = trend.hours.filter((hour) => hour.in_time || hour.late);
  const inTime = hours.reduce((sum, hour) => sum + hour.in_time, 0);
  const late = hours.reduce((sum, hour) => sum + hour.late, 0);
  const goal = trend.seconds
    ? `The objective is that ${percent(trend.share, 1)} of names are published within ${trend.seconds} seconds.`
    : "Give --config to see the objective beside what was reached.";
  if (!hours.length) {
    return [note(goal), note("CloudWatch counts no name in the last 14 days.")];
  }
  const reached = `${percent(inTime, inTime + late)} of ${counted(inTime + late, "name")} were in time, ${count(late)} late.`;
  const parts = [
    el("p", { class: "verdict" }, icon(trend.share && inTime < trend.share * (inTime + late) ? "needs attention" : "well"),
      ` Since ${time(trend.since)}: ${reached}`),
    note(goal),
    barsOverTime({
      hours: hours.map((hour) => ({ at: hour.at, values: [hour.in_time, hour.late] })),
      series: [{ label: "in time", tone: "good" }, { label: "late", tone: "bad" }],
      end: report.header.made_at,
      label: `Names published by the hour. ${reached}`,
    }),
    disclosure("The same by day", plainTable("Names published by day",
      [{ label: "Day" }, { label: "In time", numeric: true }, { label: "Late", numeric: true }, { label: "Share in time", numeric: true }],
      byDay(hours, ["in_time", "late"]).map(([day, sums]) => [
        day, count(sums.in_time), count(sums.late), percent(sums.in_time, sums.in_time + sums.late)]))),
  ];
  if (trend.latency.length) {
    const rows = [...trend.latency].sort((one, other) => compared(other.at, one.at) || compared(one.zone, other.zone));
    parts.push(disclosure("Seconds until a name is published, by zone and day", plainTable(
      "Seconds from the event of an instance to Route 53's acceptance",
      [{ label: "Day" }, { label: "Zone" }, { label: "Half of the names", numeric: true }, { label: "99 % of the names", numeric: true }],
      rows.map((day) => [day.at.slice(0, 10), day.zone, `${day.half.toFixed(1)} s`, `${day.most.toFixed(1)} s`]))));
  }
  return parts;
}

const MORE_NAMES = "orgdns list and orgdns export have all.";

function namesSection(report) {
  const name = accountNames(report);
  return [listing("names-data", "Names in all zones", report.names, [
    { key: "name", label: "Name" },
    { key: "state", label: "State", filter: true, cell: (state, of) => el("span", {}, badge(state), of("reason") ? el("br") : "",
      of("reason")) },
    { key: "values", label: "Values" },
    { key: "zone", label: "Zone", short: true, filter: true },
    { key: "account", label: "Account", short: true, filter: true, option: name, cell: name },
    { key: "region", label: "Region", short: true, filter: true },
    { key: "instance", label: "Instance", short: true },
    { key: "rule", label: "Rule", short: true, filter: true },
    { key: "claimants", label: "Claimants", numeric: true },
    { key: "ttl", label: "TTL", numeric: true },
  ], labels("name"), MORE_NAMES)];
}

function findingsSection(report) {
  const name = accountNames(report);
  const kinds = Object.entries(report.findings.kinds).map(([kind, number]) => el("li", {}, badge(kind), ` ${count(number)}`));
  return [
    kinds.length ? el("ul", { class: "legend" }, kinds) : "",
    listing("findings-data", "Names that instances do not get, or that lack their records", report.findings, [
      { key: "name", label: "Name" },
      { key: "kind", label: "Kind", filter: true, cell: badge },
      { key: "reason", label: "Reason" },
      { key: "account", label: "Account", short: true, filter: true, option: name, cell: name },
      { key: "region", label: "Region", short: true, filter: true },
      { key: "instance", label: "Instance", short: true },
      { key: "rule", label: "Rule", short: true, filter: true },
    ], labels("conflict or refusal", "conflicts and refusals"), "orgdns explain shows those of an instance."),
  ];
}

function vpcsSection(report) {
  const name = accountNames(report);
  const parts = [listing("vpcs-data", "VPCs and the zones that they resolve", report.vpcs, [
    { key: "vpc", label: "VPC", short: true },
    { key: "name", label: "Name" },
    { key: "account", label: "Account", short: true, filter: true, option: name, cell: name },
    { key: "region", label: "Region", short: true, filter: true },
    { key: "cidrs", label: "CIDRs" },
    { key: "resolves", label: "Resolves", filter: true },
    { key: "lacks", label: "Should resolve", filter: true },
    { key: "reason", label: "Reason" },
  ], labels("VPC"), "orgdns coverage --all shows all.")];
  if (report.unresolved.total) {
    parts.push(el("h3", {}, "Names that do not resolve where their instances run"),
      listing("unresolved-data", "VPCs of instances whose names do not resolve there", report.unresolved, [
        { key: "vpc", label: "VPC", short: true },
        { key: "region", label: "Region", short: true, filter: true },
        { key: "owner", label: "Owner", cell: name },
        { key: "zones", label: "Zones" },
        { key: "instances", label: "Instances", numeric: true },
        { key: "names", label: "Names", numeric: true },
        { key: "example", label: "Example" },
        { key: "reason", label: "Reason" },
      ], labels("VPC"), "orgdns coverage shows more."));
  }
  return parts;
}

function changesSection(report) {
  const { changes, others } = report;
  const parts = [];
  if (changes.unknown) {
    parts.push(note(changes.unknown));
  } else {
    parts.push(note(`Changes that Route 53 accepted since ${time(changes.since)}, latest first.`),
      listing("changes-data", "Changes of names", changes.listing, [
        { key: "at", label: "Time", cell: timeElement },
        { key: "name", label: "Name" },
        { key: "cause", label: "Cause", filter: true },
        { key: "before", label: "Before" },
        { key: "after", label: "After" },
        { key: "instance", label: "Instance", short: true },
      ], labels("change"), "orgdns history shows all of a name."));
  }
  if (others.length) {
    parts.push(el("h3", {}, "Changes by others in the last day"), plainTable(
      "Records of orgdns that others changed, and that orgdns repairs",
      [{ label: "Zone" }, { label: "Who" }, { label: "Changes", numeric: true }, { label: "Since" }, { label: "Last" }, { label: "Repair" }],
      others.map((each) => [each.zone, each.by, count(each.changes), timeElement(each.since), timeElement(each.at),
        each.waits ? "waits for an audit" : "done"])));
  }
  return parts;
}

function eventsSection(report) {
  const name = accountNames(report);
  const lossy = report.spokes.filter((spoke) => spoke.missed_ever || spoke.undelivered || spoke.event_fault);
  const hours = report.trend.hours.filter((hour) => hour.missed || hour.dropped);
  const parts = [note("Sweeps find what events did not report: changes of instances that no event announced. "
    + "Events that a spoke could not send to the hub wait in its own queue.")];
  if (hours.length) {
    const missed = hours.reduce((sum, hour) => sum + hour.missed, 0);
    parts.push(barsOverTime({
      hours: hours.map((hour) => ({ at: hour.at, values: [hour.missed, hour.dropped] })),
      series: [{ label: "missed, and found by a sweep", tone: "warn" }, { label: "dropped, as they can never succeed", tone: "off" }],
      end: report.header.made_at,
      label: `Lost events by the hour. Sweeps found ${counted(missed, "change")} that no event reported.`,
    }));
  }
  if (!lossy.length) {
    return [...parts, el("p", { class: "verdict" }, icon("well"), " No event is known to be lost.")];
  }
  const columns = ["account", "region", "missed", "missed_ever", "undelivered", "undelivered_new", "event_at", "event_fault"];
  const table = { total: lossy.length, columns, rows: lossy.map((spoke) => columns.map((column) => spoke[column])) };
  parts.push(listing("events-data", "Accounts and regions that lost events", table, [
    { key: "account", label: "Account", cell: name },
    { key: "region", label: "Region", short: true, filter: true },
    { key: "missed", label: "Missed, last sweep", numeric: true },
    { key: "missed_ever", label: "Missed in all", numeric: true },
    { key: "undelivered", label: "Undelivered", numeric: true },
    { key: "undelivered_new", label: "New", numeric: true },
    { key: "event_at", label: "Last event", cell: timeElement },
    { key: "event_fault", label: "Fault" },
  ], labels("account and region", "accounts and regions"), ""));
  return parts;
}
