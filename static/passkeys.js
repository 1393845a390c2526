/* Asks the browser for a passkey: a new one (data-passkey="create") or the answer of one (data-passkey="get"). */
(function () {
  "use strict";
  const data = document.getElementById("passkey-options");
  if (!data) return;
  const options = JSON.parse(data.textContent);

  function bytes(text) {
    const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  }

  function text(buffer) {
    const binary = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function withBytes(publicKey) {
    const known = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));
    const asked = { ...publicKey, challenge: bytes(publicKey.challenge) };
    if (asked.user) asked.user = { ...asked.user, id: bytes(asked.user.id) };
    if (asked.excludeCredentials) asked.excludeCredentials = known(asked.excludeCredentials);
    if (asked.allowCredentials) asked.allowCredentials = known(asked.allowCredentials);
    return asked;
  }

  function asText(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const button = form.querySelector("button[data-ask]");
    const failed = form.querySelector("[data-failed]");
    if (!window.PublicKeyCredential) {
      failed.hidden = false;
      return;
    }
    button.disabled = false;
    button.addEventListener("click", async () => {
      failed.hidden = true;
      if (!form.reportValidity()) return;
      try {
        const made =
          form.dataset.passkey === "create"
            ? await navigator.credentials.create({ publicKey: withBytes(options.creation_options.publicKey) })
            : await navigator.credentials.get({ publicKey: withBytes(options.request_options.publicKey) });
        form.querySelector("[name=credential]").value = asText(made);
        form.submit();
      } catch {
        failed.hidden = false;
      }
    });
  });
})();
