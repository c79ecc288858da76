/** Tells the turns of the event loop apart: the number is another one once the loop has gone round. */
export class EventTurn {
  #number = 0;
  #isAsked = false;

  get number(): number {
    if (!this.#isAsked) {
      this.#isAsked = true;
      setImmediate(() => {
        this.#isAsked = false;
        this.#number += 1;
      });
    }
    return this.#number;
  }
}
