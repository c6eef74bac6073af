/**
 * Training kernels for the WASM backend of TensorFlow.js, on its own memory: no memory, no static data and no stack of
 * their own. `npm run kernels -w client` compiles them into src/tfjs/kernels/generated, with SIMD and with relaxed SIMD.
 * Images are `[batch, height, width, channels]`, all values float32. Results overlap no operand unless said. Workspaces:
 * addresses of as many bytes as the function named `...Workspace` says, divisible by 16.
 */
export { averagePool, averagePoolGradient } from "./average-pool";
export { conv2d, conv2dWorkspace } from "./conv";
export { conv2dFilterGradient, conv2dFilterGradientWorkspace } from "./conv-filter";
export { conv2dInputGradient, conv2dInputGradientWorkspace } from "./conv-input";
export { softmaxCrossEntropy } from "./cross-entropy";
export { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from "./depthwise";
export { addScaled, columnSums, finishRows, reluGradient } from "./elementwise";
export { gemm, gemmWorkspace } from "./gemm";
export { adamStep, addProximal, momentumStep } from "./optimiser";
export { maxPool, maxPoolGradient } from "./pool";
export { segmentSum } from "./segment-sum";
