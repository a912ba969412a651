/** `npm run move`, whose steps wait at the moments at which something is to go wrong (stagedSteps.ts). */
import "./stagedSteps";
import "../cli";
