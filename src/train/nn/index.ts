export {gelu, geglu, quickGelu, silu} from './activations.ts';
export {attention, type AttentionOptions} from './attention.ts';
export {add, addPerChannel, concatChannels, reshape, resizeNearest, scale, sinusoidal, sliceRows, upsampleNearest2} from './basics.ts';
export {checkpoint} from './checkpoint.ts';
export {differentiable, gradients, type Gradient} from './differentiable.ts';
export {conv2d, embedding, gatherRows, linear, pointwise, positions, type ConvolutionOptions} from './linear.ts';
export {filterOrder, type FilterOrder} from './filter-order.ts';
export {groupNorm, layerNorm, type GroupNormOptions} from './norms.ts';
export {declareParameters, deviceShape, permutationOf, scopeOver, type Adapter, type Declaration, type Layout, type Scope} from './scope.ts';
