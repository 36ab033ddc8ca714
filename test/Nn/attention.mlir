// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: @grouped
func.func @grouped(%q: tensor<2x5x4x3xf32>, %k: tensor<2x7x2x3xf32>, %v: tensor<2x7x2x6xf32>, %bias: tensor<4xf32>) {
  // CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} captures %{{.*}} {capture_maps = [#{{.*}}]} : (tensor<2x5x4x3xf32>, tensor<2x7x2x3xf32>, tensor<2x7x2x6xf32>, tensor<4xf32>) -> (tensor<2x5x4x6xf32>, tensor<2x4x5xf32>)
  %out, %lse = nn.attention %q, %k, %v captures %bias {capture_maps = [affine_map<(b, h, i, j) -> (h)>]}
    : (tensor<2x5x4x3xf32>, tensor<2x7x2x3xf32>, tensor<2x7x2x6xf32>, tensor<4xf32>) -> (tensor<2x5x4x6xf32>, tensor<2x4x5xf32>) {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %c: f32):
    %0 = arith.addf %s, %c : f32
    %keep = arith.cmpi sle, %j, %i : index
    nn.yield %0, %keep : f32, i1
  }
  return
}

// -----

func.func @heads(%q: tensor<2x5x3x3xf32>, %k: tensor<2x7x2x3xf32>) {
  // expected-error @+1 {{3 heads are no multiple of 2}}
  %out, %lse = nn.attention %q, %k, %k {capture_maps = []}
    : (tensor<2x5x3x3xf32>, tensor<2x7x2x3xf32>, tensor<2x7x2x3xf32>) -> (tensor<2x5x3x3xf32>, tensor<2x3x5xf32>) {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %keep = arith.constant true
    nn.yield %s, %keep : f32, i1
  }
  return
}

// -----

func.func @lse(%q: tensor<2x5x2x3xf32>) {
  // expected-error @+1 {{lse has type 'tensor<2x5x2xf32>', expected shape [2, 2, 5]}}
  %out, %lse = nn.attention %q, %q, %q {capture_maps = []}
    : (tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>) -> (tensor<2x5x2x3xf32>, tensor<2x5x2xf32>) {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %keep = arith.constant true
    nn.yield %s, %keep : f32, i1
  }
  return
}

// -----

func.func @score(%q: tensor<2x5x2x3xf32>) {
  // expected-error @+1 {{score must map (s, b, h, i, j, captures) to (score, keep)}}
  %out, %lse = nn.attention %q, %q, %q {capture_maps = []}
    : (tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>) -> (tensor<2x5x2x3xf32>, tensor<2x2x5xf32>) {
  ^bb0(%s: f32):
    nn.yield %s : f32
  }
  return
}
