// The browser's part of passkeys: asks the portal for a challenge, the device for an answer, and sends that with the
// form. What needs it is hidden without it; the other ways to sign in need no script.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

async function ask(form) {
  const body = new URLSearchParams({ csrf: form.elements.csrf.value });
  const answer = await fetch(form.dataset.challenge, { method: 'POST', body });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function make(form) {
  const asked = await ask(form);
  const { response } = await navigator.credentials.create({ publicKey: {
    challenge: bytes(asked.challenge),
    rp: { id: asked.rp_id, name: asked.rp_name },
    user: { id: bytes(asked.user_id), name: asked.user_name, displayName: asked.user_name },
    pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: 'none',
  } });
  form.elements.client.value = text(response.clientDataJSON);
  form.elements.attestation.value = text(response.attestationObject);
}

async function show(form) {
  const asked = await ask(form);
  const credential = await navigator.credentials.get({ publicKey: {
    challenge: bytes(asked.challenge),
    rpId: asked.rp_id,
    userVerification: 'required',
  } });
  const { response } = credential;
  form.elements.credential.value = text(credential.rawId);
  form.elements.client.value = text(response.clientDataJSON);
  form.elements.data.value = text(response.authenticatorData);
  form.elements.signature.value = text(response.signature);
}

function watch(form) {
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const problem = form.querySelector('.passkey-problem');
    problem.hidden = true;
    try {
      await (form.dataset.passkey === 'make' ? make(form) : show(form));
    } catch {
      problem.hidden = false; // the person broke it off, or the device has none
      return;
    }
    form.submit();
  });
}

if (window.PublicKeyCredential) document.querySelectorAll('form[data-passkey]').forEach(watch);
