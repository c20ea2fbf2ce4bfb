// Decisions on their way. Each is kept in the browser until the server has answered, so a lost connection, a closed
// page or a killed server loses none. Its key makes sending it twice harmless.

import {Offline, REACHED, ask} from './client.js';

const LONGEST_WAIT = 5000;

export class Outbox {
  /** `told` is called with {waiting, offline, signedOut} on every change, `refused` with (entry, sentence), `answered`
   * with (entry, what the server says). */
  constructor(editor, told, refused, answered) {
    this.prefix = `packshot:${editor}:`;
    this.told = told;
    this.refused = refused;
    this.answered = answered;
    this.wait = 1000;
    this.state = {offline: false, signedOut: false};
    this.last = 0;
    addEventListener('online', () => this.flush());
    addEventListener(REACHED, () => this.state.offline && this.flush());
    this.flush();
  }

  add(path, body) {
    this.last = Math.max(Date.now(), this.last + 1);
    localStorage.setItem(`${this.prefix}${String(this.last).padStart(15, '0')}`, JSON.stringify({path, body}));
    this.flush();
  }

  names() {
    return Object.keys(localStorage).filter((name) => name.startsWith(this.prefix)).sort();
  }

  async flush() {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    try {
      for (let [name] = this.names(); name; [name] = this.names()) await this.sendOne(name);
      this.wait = 1000;
      this.state = {offline: false, signedOut: false};
    } catch (error) {
      this.state = {offline: error instanceof Offline, signedOut: error.status === 401};
      this.timer = setTimeout(() => this.flush(), this.wait);
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
    } finally {
      this.sending = false;
      this.told({waiting: this.names().length, ...this.state});
    }
  }

  async sendOne(name) {
    const entry = JSON.parse(localStorage.getItem(name));
    let answer = null;
    try {
      answer = await ask(entry.path, entry.body);
    } catch (error) {
      if (error instanceof Offline || error.status === 401 || error.status === 403) throw error;
      this.refused(entry, error.message);
    }
    localStorage.removeItem(name);
    if (answer) this.answered(entry, answer);
  }
}
