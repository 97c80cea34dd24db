// Forms that a passkey fills in: `data-passkey` says whether one is made or asked for, `data-options` where the
// question comes from. Without support in the browser they stay hidden, and the page offers what else there is.
"use strict";

const fromBase64Url = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const toBase64Url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const named = (list) => (list ?? []).map((each) => ({ ...each, id: fromBase64Url(each.id) }));

function readable(options) {
  const read = { ...options, challenge: fromBase64Url(options.challenge) };
  if (options.user) read.user = { ...options.user, id: fromBase64Url(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = named(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = named(options.allowCredentials);
  return read;
}

function written(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toBase64Url(credential.response[name]);
  }
  const id = toBase64Url(credential.rawId);
  return { id, rawId: id, type: credential.type, clientExtensionResults: {}, response };
}

async function question(form) {
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    body: JSON.stringify(form.dataset.token ? { token: form.dataset.token } : {}),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error((body.error ?? body).message);
  return readable((body.data ?? body).publicKey);
}

async function fill(form) {
  const publicKey = await question(form);
  const credential = await (form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey })
    : navigator.credentials.get({ publicKey }));
  form.elements.passkey.value = JSON.stringify(written(credential));
  form.submit();
}

function explain(form, error) {
  const known = {
    NotAllowedError: "That was cancelled, or took too long. Try again.",
    InvalidStateError: "This device has a passkey for your account already.",
  };
  const told = form.querySelector("[data-passkey-error]");
  told.textContent = known[error.name] ?? error.message;
  told.hidden = false;
}

// Browsers tie passkeys to a name: an address in digits has none.
const possible = window.isSecureContext && window.PublicKeyCredential && !/^[\d.]+$|^\[/.test(location.hostname);

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!possible) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await fill(form);
    } catch (error) {
      explain(form, error);
    }
    button.disabled = false;
  });
}
