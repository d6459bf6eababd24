// Taking the latest part of the list in, above what was loaded of it before.

export function merge(list, latest) {
  const fresh = latest.querySelectorAll("[data-changed]");
  const last = fresh[fresh.length - 1];
  const below = latest.querySelector(".more") ? loadedBelow(list, last, idsOf(fresh)) : [];
  if (below.length) {
    latest.querySelector(".more").remove();
    const more = list.querySelector(".more");
    latest.append(...underDays(below, last.dataset.day), ...(more ? [more] : []));
  }
  list.replaceChildren(latest);
}

// A day without rows is no heading.
export function tidyDays(list) {
  for (const day of list.querySelectorAll(".day")) {
    if (!day.nextElementSibling?.matches(".row")) day.remove();
  }
}

// The list is without gaps: all that changed before the last fresh row, and was loaded, stays.
function loadedBelow(list, last, ids) {
  const rows = Array.from(list.querySelectorAll("[data-changed]"));
  const end = Number(last.dataset.changed);
  return rows.filter(({ dataset }) => Number(dataset.changed) <= end && !ids.has(dataset.conversation));
}

function idsOf(rows) {
  return new Set(Array.from(rows, (row) => row.dataset.conversation));
}

function underDays(rows, above) {
  const items = [];
  for (const row of rows) {
    const { day } = row.dataset;
    if (day !== above) items.push(headingOf(day));
    above = day;
    items.push(row);
  }
  return items;
}

function headingOf(day) {
  const item = Object.assign(document.createElement("li"), { className: "day" });
  item.append(Object.assign(document.createElement("h2"), { textContent: day }));
  return item;
}
