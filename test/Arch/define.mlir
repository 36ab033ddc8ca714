// define, yield, read, reduce, softmax, if.
// RUN: ogee-opt --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: arch.func @rows
arch.func @rows(%x: tensor<3x4xf32>) -> tensor<3xf32> attributes {component = "f"} {
  // CHECK: arch.define : tensor<3xf32> {
  %y = arch.define : tensor<3xf32> {
  ^bb0(%i: index):
    // CHECK: arch.reduce mean [4] : f32 {
    %s = arch.reduce mean [4] : f32 {
    ^bb0(%j: index):
      %zero = arith.constant 0.0 : f32
      // CHECK: arch.read %{{.*}}[%{{.*}}, %{{.*}}] else %{{.*}} : f32 : tensor<3x4xf32> -> f32
      %0 = arch.read %x[%i, %j] else %zero : f32 : tensor<3x4xf32> -> f32
      %keep = arith.cmpi sle, %j, %i : index
      // CHECK: arch.yield %{{.*}}, %{{.*}} : f32, i1
      arch.yield %0, %keep : f32, i1
    }
    // CHECK: arch.softmax %{{.*}}[3] : f32 {
    %p = arch.softmax %i [3] : f32 {
    ^bb0(%k: index):
      %c0 = arith.constant 0 : index
      %0 = arch.read %x[%k, %c0] : tensor<3x4xf32> -> f32
      arch.yield %0 : f32
    }
    %c = arith.cmpf ogt, %s, %p : f32
    // CHECK: arch.if %{{.*}} : f32 {
    %r = arch.if %c : f32 {
      arch.yield %s : f32
    } else {
      arch.yield %p : f32
    }
    arch.yield %r : f32
  }
  arch.return %y : tensor<3xf32>
}

// -----

arch.func @indices(%x: tensor<3xf32>) attributes {component = "f"} {
  // expected-error @+1 {{the block must take 2 indices}}
  %y = arch.define : tensor<3x3xf32> {
  ^bb0(%i: index):
    %0 = arch.read %x[%i] : tensor<3xf32> -> f32
    arch.yield %0 : f32
  }
  arch.return
}

// -----

arch.func @element() attributes {component = "f"} {
  // expected-error @+1 {{the block must yield a 'f32'}}
  %y = arch.define : tensor<3xf32> {
  ^bb0(%i: index):
    %0 = arith.constant true
    arch.yield %0 : i1
  }
  arch.return
}

// -----

arch.func @condition(%x: tensor<3xf32>) attributes {component = "f"} {
  // expected-error @+1 {{the block yields too much}}
  %y = arch.define : tensor<3xf32> {
  ^bb0(%i: index):
    %0 = arch.read %x[%i] : tensor<3xf32> -> f32
    arch.yield %0, %0 : f32, f32
  }
  arch.return
}

// -----

arch.func @rank(%x: tensor<3x4xf32>) attributes {component = "f"} {
  %y = arch.define : tensor<3xf32> {
  ^bb0(%i: index):
    // expected-error @+1 {{needs one index a dimension of 'tensor<3x4xf32>'}}
    %0 = arch.read %x[%i] : tensor<3x4xf32> -> f32
    arch.yield %0 : f32
  }
  arch.return
}

// -----

arch.func @reading(%x: tensor<3xf32>) attributes {component = "f"} {
  %y = arch.define : tensor<3xf64> {
  ^bb0(%i: index):
    // expected-error @+1 {{reads a 'f32'}}
    %0 = arch.read %x[%i] : tensor<3xf32> -> f64
    arch.yield %0 : f64
  }
  arch.return
}

// -----

arch.func @outside(%x: tensor<3xf32>) attributes {component = "f"} {
  %y = arch.define : tensor<3xf32> {
  ^bb0(%i: index):
    %c = arith.constant true
    // expected-error @+1 {{the value outside must be a 'f32'}}
    %0 = arch.read %x[%i] else %c : i1 : tensor<3xf32> -> f32
    arch.yield %0 : f32
  }
  arch.return
}
