// Follows an order: asks for what came after the last line it has, and asks again when it got an answer.
// A lost connection costs nothing, because the next question starts at the same cursor.
"use strict";

(() => {
  const log = document.getElementById("log");
  if (!log?.dataset.live) return;

  const list = log.querySelector("ol");
  const none = log.querySelector(".log-none");
  const progress = document.getElementById("progress");
  const note = document.getElementById("live-note");
  const LONGEST_WAIT = 15000;
  let shown = "";

  const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  function element(line) {
    const item = document.createElement("li");
    const at = document.createElement("time");
    const text = document.createElement("span");
    item.className = line.stream;
    at.textContent = line.at;
    text.textContent = line.text;
    item.append(at, text);
    return item;
  }

  function show(news) {
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 24;
    list.append(...news.lines.map(element));
    none.hidden = list.childElementCount > 0;
    if (atEnd) log.scrollTop = log.scrollHeight;
    if (news.progress !== shown) {
      progress.innerHTML = news.progress; // rendered by our own template
      shown = news.progress;
    }
  }

  async function ask(cursor) {
    const answer = await fetch(`${log.dataset.live}?after=${cursor}`, { headers: { Accept: "application/json" } });
    if (answer.redirected || answer.status === 403 || answer.status === 404) {
      location.reload();
      return null;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async function follow() {
    let cursor = log.dataset.cursor;
    let failures = 0;
    for (;;) {
      try {
        const news = await ask(cursor);
        if (!news) return;
        show(news);
        cursor = news.cursor;
        failures = 0;
        note.textContent = news.isOver ? "" : "Live";
        if (news.isOver) return;
        // Something that answers at once must not be asked in a tight circle.
        await pause(news.lines.length ? 50 : 1000);
      } catch {
        failures += 1;
        note.textContent = "Connection lost. Trying again…";
        await pause(Math.min(500 * 2 ** failures, LONGEST_WAIT));
      }
    }
  }

  log.scrollTop = log.scrollHeight;
  note.textContent = "Live";
  follow();
})();
