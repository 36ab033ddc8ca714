// RUN: ogee-opt "--ogee-build-step=with-gradients=true" --cse --split-input-file --verify-diagnostics %s | FileCheck %s

// A table that is gathered and multiplied: the rows are added to the other term.
// What follows a stop has no gradient; what is not reached has a zero one.
// CHECK-LABEL: func.func @step
// CHECK-SAME: %[[TABLE:arg[0-9]+]]: tensor<5x3xf32> {nn.class = "param"
// CHECK-SAME: %[[AT:arg[0-9]+]]: tensor<2xi32>
// CHECK-SAME: -> (tensor<f32> {nn.name = "loss"}, tensor<f32> {nn.name = "norm"}, tensor<5x3xf32> {nn.name = "gradient:table"}, tensor<3xf32> {nn.name = "gradient:unused"}, tensor<3xf32> {nn.name = "gradient:stopped"})
// CHECK-NOT: nn.stop_gradient
// CHECK: math.exp
// CHECK: nn.scatter_add %{{.*}}[%[[AT]]], %{{.*}} : tensor<5x3xf32>, tensor<2xi32>, tensor<2x3xf32> -> tensor<5x3xf32>
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK: math.sqrt
// CHECK: return %{{.*}}, %{{.*}}, %{{.*}}, %[[ZERO]], %[[ZERO]]
#row = affine_map<(i, j) -> (i, j)>
#none = affine_map<(i, j) -> ()>
func.func @forward(%table: tensor<5x3xf32> {nn.class = "param", nn.path = "table"},
                   %unused: tensor<3xf32> {nn.class = "param", nn.path = "unused"},
                   %stopped: tensor<3xf32> {nn.class = "param", nn.path = "stopped"},
                   %at: tensor<2xi32> {nn.class = "data", nn.name = "at"}) -> (tensor<f32> {nn.name = "loss"}) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %rows = nn.gather %table[%at] : tensor<5x3xf32>, tensor<2xi32> -> tensor<2x3xf32>
  %r = tensor.empty() : tensor<2x3xf32>
  %cut = nn.stop_gradient %stopped : tensor<3xf32>
  %0 = linalg.generic {indexing_maps = [#row, affine_map<(i, j) -> (j)>, #row], iterator_types = ["parallel", "parallel"]}
      ins(%rows, %cut : tensor<2x3xf32>, tensor<3xf32>) outs(%r : tensor<2x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    linalg.yield %p : f32
  } -> tensor<2x3xf32>
  %1 = linalg.generic {indexing_maps = [#row, #none], iterator_types = ["reduction", "reduction"]}
      ins(%0 : tensor<2x3xf32>) outs(%f : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  %t = tensor.empty() : tensor<5x3xf32>
  %2 = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%table : tensor<5x3xf32>) outs(%t : tensor<5x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = math.exp %a : f32
    linalg.yield %s : f32
  } -> tensor<5x3xf32>
  %3 = linalg.generic {indexing_maps = [#row, #none], iterator_types = ["reduction", "reduction"]}
      ins(%2 : tensor<5x3xf32>) outs(%f : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  %4 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
      ins(%1, %3 : tensor<f32>, tensor<f32>) outs(%e : tensor<f32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  return %4 : tensor<f32>
}

// -----

// Slices that fill a value side by side: their gradients are one concat.
// CHECK-LABEL: func.func @step
// CHECK: tensor.concat dim(0) %{{.*}}, %{{.*}} : (tensor<2xf32>, tensor<4xf32>) -> tensor<6xf32>
// CHECK-NOT: tensor.pad
func.func @forward(%x: tensor<6xf32> {nn.class = "param", nn.path = "x"}) -> (tensor<f32> {nn.name = "loss"}) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %a = tensor.extract_slice %x[2] [4] [1] : tensor<6xf32> to tensor<4xf32>
  %b = tensor.extract_slice %x[0] [2] [1] : tensor<6xf32> to tensor<2xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%a : tensor<4xf32>) outs(%f : tensor<f32>) {
  ^bb0(%c: f32, %o: f32):
    %s = arith.addf %o, %c : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%b : tensor<2xf32>) outs(%f : tensor<f32>) {
  ^bb0(%c: f32, %o: f32):
    %s = arith.maximumf %o, %c : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  %2 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
      ins(%0, %1 : tensor<f32>, tensor<f32>) outs(%e : tensor<f32>) {
  ^bb0(%c: f32, %d: f32, %o: f32):
    %s = arith.mulf %c, %d : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  return %2 : tensor<f32>
}

// -----

func.func @forward(%x: tensor<f32> {nn.class = "param", nn.path = "x"}) -> (tensor<f32> {nn.name = "loss"}) {
  %e = tensor.empty() : tensor<f32>
  %0 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
      ins(%x : tensor<f32>) outs(%e : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    // expected-error @+1 {{has no row in the derivative table}}
    %s = math.acos %a : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// expected-error @+1 {{has no @forward}}
module {}
