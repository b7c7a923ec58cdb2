/** Makes the faults of a plan happen, one after the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scene } from '../../support/fault-scene.js';
import type { Service } from '../../support/fault-service.js';
import type { Planned } from './plan.js';

export class Spoiler {
  /** How often, by name. */
  readonly happened: Record<string, number> = {};
  readonly #scene: Scene;
  readonly #service: Service;

  constructor(scene: Scene, service: Service) {
    this.#scene = scene;
    this.#service = service;
  }

  async happen({ event, forMs }: Planned): Promise<void> {
    this.happened[event.name] = (this.happened[event.name] ?? 0) + 1;
    const { door } = this.#service;
    const { child } = this.#scene.shipper;
    switch (event.kind) {
      case 'answer':
        this.#service.fault = event.fault;
        await sleep(forMs);
        this.#service.fault = undefined;
        break;
      case 'network':
        await door.set(event.name);
        await sleep(forMs);
        await door.set('open');
        break;
      case 'stop':
        child.kill('SIGSTOP');
        await sleep(forMs);
        child.kill('SIGCONT');
        break;
      case 'kill':
        await this.#scene.kill();
        await sleep(forMs);
        await this.#scene.ship();
    }
  }
}
