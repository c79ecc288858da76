import { kernelFeatures, type KernelFeature } from '../../kernel/features.js';
import { failure, failureOf, ok, warning, type Finding } from './finding.js';

const SUBJECT = 'kernel';

/** What of the kernel the daemon rests on, tried. */
export function checkKernel(): readonly Finding[] {
  try {
    return kernelFeatures().map(featureFinding);
  } catch (error) {
    return [failureOf(SUBJECT, error)];
  }
}

function featureFinding({ name, present, weight, detail, remedy }: KernelFeature): Finding {
  const message = `${name}: ${detail}`;
  if (present) return ok(SUBJECT, message);
  return weight === 'required' ? failure(SUBJECT, message, remedy) : warning(SUBJECT, message, remedy);
}
