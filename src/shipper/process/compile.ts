/** Run once when the image is built, by the Node of the image. */
import { compileModules } from './modules.js';

compileModules(__dirname);
