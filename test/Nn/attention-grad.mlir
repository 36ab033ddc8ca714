// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: @causal
func.func @causal(%q: tensor<2x5x2x3xf32>, %lse: tensor<2x2x5xf32>) {
  // CHECK: nn.attention_grad {{.*}} {capture_maps = [], causal}
  %dq, %dk, %dv = nn.attention_grad %q, %q, %q, %q, %lse, %q {capture_maps = [], causal}
    : (tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x2x5xf32>, tensor<2x5x2x3xf32>)
    -> (tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>) {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %keep = arith.cmpi sle, %j, %i : index
    nn.yield %s, %keep : f32, i1
  // CHECK: grad
  } grad {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %g: f32):
    nn.yield %g : f32
  }
  return
}

// -----

func.func @types(%q: tensor<2x5x2x3xf32>, %lse: tensor<2x2x5xf32>) {
  // expected-error @+1 {{gradient type 'tensor<2x5x2x4xf32>' differs from 'tensor<2x5x2x3xf32>'}}
  %dq, %dk, %dv = nn.attention_grad %q, %q, %q, %q, %lse, %q {capture_maps = []}
    : (tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x2x5xf32>, tensor<2x5x2x3xf32>)
    -> (tensor<2x5x2x4xf32>, tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>) {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %keep = arith.constant true
    nn.yield %s, %keep : f32, i1
  } grad {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %g: f32):
    nn.yield %g : f32
  }
  return
}

// -----

func.func @region(%q: tensor<2x5x2x3xf32>, %lse: tensor<2x2x5xf32>) {
  // expected-error @+1 {{score gradient must map (s, b, h, i, j, captures, g) to (ds, gradients of captures)}}
  %dq, %dk, %dv = nn.attention_grad %q, %q, %q, %q, %lse, %q {capture_maps = []}
    : (tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x2x5xf32>, tensor<2x5x2x3xf32>)
    -> (tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>, tensor<2x5x2x3xf32>) {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %keep = arith.constant true
    nn.yield %s, %keep : f32, i1
  } grad {
  ^bb0(%s: f32):
    nn.yield %s : f32
  }
  return
}
