// RUN: ogee-opt %s --ogee-dedupe-kernels | FileCheck %s

// Names of values do not matter; constants, shapes and attributes do.

// CHECK: kernel.func @first
kernel.func @first(%x: tensor<4xf32>) -> tensor<4xf32> attributes {family = #kernel.family<row>, box = array<i64: 4>, row = 0 : i64} {
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %c = arith.constant 2.0 : f32
    %0 = arith.mulf %a, %c : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  kernel.yield %y : tensor<4xf32>
}

// CHECK-NOT: kernel.func @same
kernel.func @same(%input: tensor<4xf32>) -> tensor<4xf32> attributes {family = #kernel.family<row>, box = array<i64: 4>, row = 0 : i64} {
  %empty = tensor.empty() : tensor<4xf32>
  %result = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%input : tensor<4xf32>) outs(%empty : tensor<4xf32>) {
  ^bb0(%p: f32, %q: f32):
    %two = arith.constant 2.0 : f32
    %r = arith.mulf %p, %two : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  kernel.yield %result : tensor<4xf32>
}

// CHECK: kernel.func @constant
kernel.func @constant(%x: tensor<4xf32>) -> tensor<4xf32> attributes {family = #kernel.family<row>, box = array<i64: 4>, row = 0 : i64} {
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %c = arith.constant 3.0 : f32
    %0 = arith.mulf %a, %c : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  kernel.yield %y : tensor<4xf32>
}

// What is left is numbered anew.
// CHECK: kernel.func @family(
kernel.func @family_7(%x: tensor<4xf32>) -> tensor<4xf32> attributes {family = #kernel.family<column>, box = array<i64: 4>, row = 0 : i64} {
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %c = arith.constant 2.0 : f32
    %0 = arith.mulf %a, %c : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  kernel.yield %y : tensor<4xf32>
}

// CHECK-LABEL: kernel.program @step
// CHECK: kernel.launch @first
// CHECK: kernel.launch @first
// CHECK: kernel.launch @constant
// CHECK: kernel.launch @family(
kernel.program @step(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = kernel.launch @first(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = kernel.launch @same(%0) : (tensor<4xf32>) -> tensor<4xf32>
  %2 = kernel.launch @constant(%1) : (tensor<4xf32>) -> tensor<4xf32>
  %3 = kernel.launch @family_7(%2) : (tensor<4xf32>) -> tensor<4xf32>
  kernel.yield %3 : tensor<4xf32>
}
