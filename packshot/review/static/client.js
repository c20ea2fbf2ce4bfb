// Talking with the server. Pictures and JSON; a lost connection is told apart from a refusal.

export class Offline extends Error {}

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Told of the window whenever the server has answered: what waits for it need not wait longer. */
export const REACHED = 'packshot:reached';

let csrf = document.body.dataset.csrf;

/** POSTs JSON (or a form) and returns the response. Throws Offline, or Refused with the server's sentence. */
export async function post(path, body, signal) {
  let response = await send(path, body, signal);
  if (response.status === 403 && (await renewed())) response = await send(path, body, signal);
  if (response.ok) {
    dispatchEvent(new Event(REACHED));
    return response;
  }
  if (response.status >= 500 || response.status === 429) throw new Offline(`the server answered ${response.status}`);
  throw new Refused(response.status, await sentence(response));
}

export async function ask(path, body) {
  return (await post(path, body)).json();
}

async function send(path, body, signal) {
  const form = body instanceof FormData;
  const headers = {'X-CSRF-Token': csrf, ...(form ? {} : {'Content-Type': 'application/json'})};
  try {
    return await fetch(path, {method: 'POST', headers, body: form ? body : JSON.stringify(body), signal});
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Offline(error.message);
  }
}

/** The server was started anew: its token is another one. */
async function renewed() {
  try {
    const response = await fetch('/api/session', {headers: {Accept: 'application/json'}});
    if (!response.ok) return false;
    csrf = (await response.json()).csrf;
    return true;
  } catch {
    return false;
  }
}

async function sentence(response) {
  try {
    const {detail} = await response.json();
    return typeof detail === 'string' ? detail : 'the server does not understand this page: load it again';
  } catch {
    return `the server answered ${response.status}`;
  }
}

export const uuid = () => crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
