// An MLP with two layers, softmax cross-entropy and SGD with momentum, as the
// importer writes it.
// RUN: ogee-opt --ogee-flatten %s | FileCheck %s

// CHECK-LABEL: func.func @forward
// CHECK-SAME: nn.class = "param"{{.*}}nn.path = "up.weight"
// CHECK: arith.mulf
// CHECK-NEXT: arith.addf
// CHECK: nn.logsumexp
// CHECK: arith.cmpi eq
// CHECK-LABEL: func.func @evaluate
// CHECK-LABEL: func.func @update
// CHECK: arith.truncf
// CHECK: return

module {
  arch.instance "" of "Mlp" {
    arch.instance "up" of "Linear" {
      arch.param "weight" : tensor<12x7xf32> init <uniform, -0.3, 0.3>
      arch.param "bias" : tensor<12xf32> init <constant, 0.0, 0.0> {role = "bias"}
    }
    arch.instance "down" of "Linear" {
      arch.param "weight" : tensor<5x12xf32> init <uniform, -0.3, 0.3>
      arch.param "bias" : tensor<5xf32> init <constant, 0.0, 0.0> {role = "bias"}
    }
  }
  arch.instance "optimizer" of "optimizer" {
    arch.instance "up.weight" of "SGD" { arch.state "buffer" : tensor<12x7xf32> init <constant, 0.0, 0.0> }
    arch.instance "up.bias" of "SGD" { arch.state "buffer" : tensor<12xf32> init <constant, 0.0, 0.0> }
    arch.instance "down.weight" of "SGD" { arch.state "buffer" : tensor<5x12xf32> init <constant, 0.0, 0.0> }
    arch.instance "down.bias" of "SGD" { arch.state "buffer" : tensor<5xf32> init <constant, 0.0, 0.0> }
  }
  arch.func @Linear(%x: tensor<8x7xf32>) -> tensor<8x12xf32> attributes {component = "Linear"} {
    %w = arch.get "weight" : tensor<12x7xf32>
    %b = arch.get "bias" : tensor<12xf32>
    %y = arch.define : tensor<8x12xf32> {
    ^bb0(%n: index, %o: index):
      %s = arch.reduce sum [7] : f32 {
      ^bb0(%i: index):
        %0 = arch.read %x[%n, %i] : tensor<8x7xf32> -> f32
        %1 = arch.read %w[%o, %i] : tensor<12x7xf32> -> f32
        %2 = arith.mulf %0, %1 : f32
        arch.yield %2 : f32
      }
      %3 = arch.read %b[%o] : tensor<12xf32> -> f32
      %4 = arith.addf %s, %3 : f32
      arch.yield %4 : f32
    }
    arch.return %y : tensor<8x12xf32>
  }
  arch.func @Linear.1(%x: tensor<8x12xf32>) -> tensor<8x5xf32> attributes {component = "Linear"} {
    %w = arch.get "weight" : tensor<5x12xf32>
    %b = arch.get "bias" : tensor<5xf32>
    %y = arch.define : tensor<8x5xf32> {
    ^bb0(%n: index, %o: index):
      %s = arch.reduce sum [12] : f32 {
      ^bb0(%i: index):
        %0 = arch.read %x[%n, %i] : tensor<8x12xf32> -> f32
        %1 = arch.read %w[%o, %i] : tensor<5x12xf32> -> f32
        %2 = arith.mulf %0, %1 : f32
        arch.yield %2 : f32
      }
      %3 = arch.read %b[%o] : tensor<5xf32> -> f32
      %4 = arith.addf %s, %3 : f32
      arch.yield %4 : f32
    }
    arch.return %y : tensor<8x5xf32>
  }
  arch.func @relu(%x: tensor<8x12xf32>) -> tensor<8x12xf32> attributes {component = "relu"} {
    %y = arch.define : tensor<8x12xf32> {
    ^bb0(%n: index, %o: index):
      %0 = arch.read %x[%n, %o] : tensor<8x12xf32> -> f32
      %zero = arith.constant 0.0 : f32
      %c = arith.cmpf ogt, %0, %zero : f32
      %1 = arch.if %c : f32 { arch.yield %0 : f32 } else { arch.yield %zero : f32 }
      arch.yield %1 : f32
    }
    arch.return %y : tensor<8x12xf32>
  }
  arch.func @cross_entropy(%x: tensor<8x5xf32>, %t: tensor<8xi32>) -> tensor<f32> attributes {component = "cross_entropy"} {
    %y = arch.define : tensor<f32> {
      %m = arch.reduce mean [8] : f32 {
      ^bb0(%n: index):
        %lse = arch.reduce logsumexp [5] : f32 {
        ^bb0(%v: index):
          %0 = arch.read %x[%n, %v] : tensor<8x5xf32> -> f32
          arch.yield %0 : f32
        }
        %1 = arch.read %t[%n] : tensor<8xi32> -> i32
        %2 = arith.index_cast %1 : i32 to index
        %3 = arch.read %x[%n, %2] : tensor<8x5xf32> -> f32
        %4 = arith.subf %lse, %3 : f32
        %zero = arith.constant 0 : i32
        %keep = arith.cmpi sge, %1, %zero : i32
        arch.yield %4, %keep : f32, i1
      }
      arch.yield %m : f32
    }
    arch.return %y : tensor<f32>
  }
  arch.func @Mlp(%x: tensor<8x7xf32>) -> tensor<8x5xf32> attributes {component = "Mlp"} {
    %0 = arch.call @Linear at "up"(%x) : (tensor<8x7xf32>) -> tensor<8x12xf32>
    %1 = arch.call @relu at ""(%0) : (tensor<8x12xf32>) -> tensor<8x12xf32>
    %2 = arch.call @Linear.1 at "down"(%1) : (tensor<8x12xf32>) -> tensor<8x5xf32>
    arch.return %2 : tensor<8x5xf32>
  }
  arch.func @loss(%image: tensor<8x7xf32> {nn.name = "image"}, %label: tensor<8xi32> {nn.name = "label", nn.bound = 5}) -> tensor<f32> attributes {component = "loss"} {
    %0 = arch.call @Mlp at ""(%image) : (tensor<8x7xf32>) -> tensor<8x5xf32>
    %1 = arch.call @cross_entropy at ""(%0, %label) : (tensor<8x5xf32>, tensor<8xi32>) -> tensor<f32>
    arch.return %1 : tensor<f32>
  }
  arch.func @rate() -> f64 attributes {component = "linear"} {
    %step = arch.run_time "step"
    %steps = arch.run_time "steps"
    %0 = arith.sitofp %step : i64 to f64
    %1 = arith.sitofp %steps : i64 to f64
    %2 = arith.divf %0, %1 : f64
    %one = arith.constant 1.0 : f64
    %3 = arith.subf %one, %2 : f64
    %r = arith.constant 0.1 : f64
    %4 = arith.mulf %3, %r : f64
    arch.return %4 : f64
  }
  arch.func @SGD(%w: tensor<12x7xf32>, %g: tensor<12x7xf32>) -> tensor<12x7xf32> attributes {component = "SGD"} {
    %rate = arch.call @rate at ""() : () -> f64
    %r = arith.truncf %rate : f64 to f32
    %buffer = arch.get "buffer" : tensor<12x7xf32>
    %next = arch.define : tensor<12x7xf32> {
    ^bb0(%i: index, %j: index):
      %mu = arith.constant 0.9 : f32
      %0 = arch.read %buffer[%i, %j] : tensor<12x7xf32> -> f32
      %1 = arith.mulf %0, %mu : f32
      %2 = arch.read %g[%i, %j] : tensor<12x7xf32> -> f32
      %3 = arith.addf %1, %2 : f32
      arch.yield %3 : f32
    }
    arch.set "buffer", %next : tensor<12x7xf32>
    %y = arch.define : tensor<12x7xf32> {
    ^bb0(%i: index, %j: index):
      %0 = arch.read %next[%i, %j] : tensor<12x7xf32> -> f32
      %1 = arith.mulf %0, %r : f32
      %2 = arch.read %w[%i, %j] : tensor<12x7xf32> -> f32
      %3 = arith.subf %2, %1 : f32
      arch.yield %3 : f32
    }
    arch.return %y : tensor<12x7xf32>
  }
  arch.func @SGD.1(%w: tensor<12xf32>, %g: tensor<12xf32>) -> tensor<12xf32> attributes {component = "SGD"} {
    %rate = arch.call @rate at ""() : () -> f64
    %r = arith.truncf %rate : f64 to f32
    %buffer = arch.get "buffer" : tensor<12xf32>
    %next = arch.define : tensor<12xf32> {
    ^bb0(%i: index):
      %mu = arith.constant 0.9 : f32
      %0 = arch.read %buffer[%i] : tensor<12xf32> -> f32
      %1 = arith.mulf %0, %mu : f32
      %2 = arch.read %g[%i] : tensor<12xf32> -> f32
      %3 = arith.addf %1, %2 : f32
      arch.yield %3 : f32
    }
    arch.set "buffer", %next : tensor<12xf32>
    %y = arch.define : tensor<12xf32> {
    ^bb0(%i: index):
      %0 = arch.read %next[%i] : tensor<12xf32> -> f32
      %1 = arith.mulf %0, %r : f32
      %2 = arch.read %w[%i] : tensor<12xf32> -> f32
      %3 = arith.subf %2, %1 : f32
      arch.yield %3 : f32
    }
    arch.return %y : tensor<12xf32>
  }
  arch.func @SGD.2(%w: tensor<5x12xf32>, %g: tensor<5x12xf32>) -> tensor<5x12xf32> attributes {component = "SGD"} {
    %rate = arch.call @rate at ""() : () -> f64
    %r = arith.truncf %rate : f64 to f32
    %buffer = arch.get "buffer" : tensor<5x12xf32>
    %next = arch.define : tensor<5x12xf32> {
    ^bb0(%i: index, %j: index):
      %mu = arith.constant 0.9 : f32
      %0 = arch.read %buffer[%i, %j] : tensor<5x12xf32> -> f32
      %1 = arith.mulf %0, %mu : f32
      %2 = arch.read %g[%i, %j] : tensor<5x12xf32> -> f32
      %3 = arith.addf %1, %2 : f32
      arch.yield %3 : f32
    }
    arch.set "buffer", %next : tensor<5x12xf32>
    %y = arch.define : tensor<5x12xf32> {
    ^bb0(%i: index, %j: index):
      %0 = arch.read %next[%i, %j] : tensor<5x12xf32> -> f32
      %1 = arith.mulf %0, %r : f32
      %2 = arch.read %w[%i, %j] : tensor<5x12xf32> -> f32
      %3 = arith.subf %2, %1 : f32
      arch.yield %3 : f32
    }
    arch.return %y : tensor<5x12xf32>
  }
  arch.func @SGD.3(%w: tensor<5xf32>, %g: tensor<5xf32>) -> tensor<5xf32> attributes {component = "SGD"} {
    %rate = arch.call @rate at ""() : () -> f64
    %r = arith.truncf %rate : f64 to f32
    %buffer = arch.get "buffer" : tensor<5xf32>
    %next = arch.define : tensor<5xf32> {
    ^bb0(%i: index):
      %mu = arith.constant 0.9 : f32
      %0 = arch.read %buffer[%i] : tensor<5xf32> -> f32
      %1 = arith.mulf %0, %mu : f32
      %2 = arch.read %g[%i] : tensor<5xf32> -> f32
      %3 = arith.addf %1, %2 : f32
      arch.yield %3 : f32
    }
    arch.set "buffer", %next : tensor<5xf32>
    %y = arch.define : tensor<5xf32> {
    ^bb0(%i: index):
      %0 = arch.read %next[%i] : tensor<5xf32> -> f32
      %1 = arith.mulf %0, %r : f32
      %2 = arch.read %w[%i] : tensor<5xf32> -> f32
      %3 = arith.subf %2, %1 : f32
      arch.yield %3 : f32
    }
    arch.return %y : tensor<5xf32>
  }
  arch.train "Mlp" attributes {step = @loss, evaluate = @loss, data = {kind = "arrays"}, batch = 8 : i64, steps = 100 : i64, evaluate_every = 10 : i64, seed = 0 : i64, clip = 1.0 : f64} {
    arch.optimize "up.weight" by @SGD at "optimizer.up.weight" rate @rate
    arch.optimize "up.bias" by @SGD.1 at "optimizer.up.bias" rate @rate
    arch.optimize "down.weight" by @SGD.2 at "optimizer.down.weight" rate @rate
    arch.optimize "down.bias" by @SGD.3 at "optimizer.down.bias" rate @rate
  }
}
